#include "tests/unit/apid/cli/doctor/healthy.h"

using namespace wghub;
using namespace wghub::cli;

TEST_CASE("AConfigurationThatApidRefusesIsToldInItsWords") {
  auto facts = healthy_facts();
  facts.configuration_fault = "apid.toml:3: listen must be ADDRESS:PORT";
  facts.configuration.reset();
  CHECK(finds(State::wrong, "configuration", "apid.toml:3: listen must be", facts));
  CHECK(finds(State::unknown, "proxy", "", facts));
}

TEST_CASE("FilesThatOthersMayReadAreToldWithWhatShutsThem") {
  auto facts = healthy_facts();
  facts.machine.files = {{"/etc/kek", true, 0444, 0077, "root", "root"},
                         {"/var/db", true, 0660, 0037, "root", "wghub"},
                         {"/absent", false, 0, 0077, "", "root"}};
  CHECK(finds(State::wrong, "files", "/etc/kek has mode 0444; /var/db has mode 0660; /var/db is root's", facts));
  CHECK(finding_of("files", facts).advice == "chmod 0400 /etc/kek; chmod 0640 /var/db; chown wghub /var/db");
}

TEST_CASE("ADiskIsFullByBytesByItsShareAndByFiles") {
  auto facts = healthy_facts();
  auto& disk = facts.machine.disks.front();
  disk = {"/var", 99UL << 20U, 1UL << 30U, 10, 20};
  CHECK(finds(State::wrong, "disk", "/var has 99 MiB", facts));
  disk = {"/var", 29UL << 30U, 1000UL << 30U, 10, 20};
  CHECK(finds(State::wrong, "disk", "/var", facts));
  disk = {"/var", 31UL << 30U, 1000UL << 30U, 0, 20};
  CHECK(finds(State::wrong, "disk", "0 files left", facts));
  disk = {"/var", 31UL << 30U, 1000UL << 30U, 0, 0};
  CHECK(finds(State::good, "disk", "", facts));
  facts.machine.disks.clear();
  CHECK(finds(State::unknown, "disk", "", facts));
}

TEST_CASE("AClockThatNobodyKeepsIsWrong") {
  auto facts = healthy_facts();
  facts.machine.clock_is_synchronised = false;
  CHECK(finds(State::wrong, "clock", "not kept", facts));
  facts.machine.clock_is_synchronised.reset();
  CHECK(finds(State::unknown, "clock", "", facts));
}

TEST_CASE("UnitsThatDoNotStartAtBootAreNamedWhereSystemdRunsTheHub") {
  auto facts = healthy_facts();
  facts.machine.units[1].is_enabled = false;
  CHECK(finds(State::wrong, "boot", "wireguard-hub-restore.service", facts));
  for (auto& unit : facts.machine.units) unit.is_installed = false;
  CHECK(finds(State::unknown, "boot", "", facts));
  facts.machine.has_systemd = false;
  CHECK(finds(State::unknown, "boot", "", facts));
}

TEST_CASE("ASocketThatIsNotThereIsNamedWithItsUnit") {
  auto facts = healthy_facts();
  facts.machine.sockets.front().is_socket = false;
  CHECK(finds(State::wrong, "sockets", "/run/a.sock", facts));
  CHECK(finding_of("sockets", facts).advice == "systemctl start a.socket");
}

TEST_CASE("ACertificateIsRenewedTwoWeeksBeforeItsEnd") {
  auto facts = healthy_facts();
  auto& certificate = *facts.machine.certificate;
  certificate.days_left = 15;
  CHECK(finds(State::good, "certificate", "15 days", facts));
  certificate.days_left = 14;
  CHECK(finds(State::wrong, "certificate", "14 days", facts));
  certificate.days_left = -1;
  CHECK(finds(State::wrong, "certificate", "has ended", facts));
  certificate.is_readable = false;
  CHECK(finds(State::wrong, "certificate", "cannot be read", facts));
  facts.machine.certificate.reset();
  CHECK(finds(State::unknown, "certificate", "", facts));
}

TEST_CASE("ACertificateOfAnotherNameIsWrongWhereMachinesSeeIt") {
  auto facts = healthy_facts();
  facts.machine.certificate->names_host = false;
  CHECK(finds(State::good, "certificate-name", "only the web server", facts));
  facts.configuration->listen_address = "0.0.0.0";
  CHECK(finds(State::wrong, "certificate-name", "is not for hub.example.net", facts));
  facts.machine.certificate->is_self_made = true;
  CHECK(finds(State::good, "certificate-name", "by its key", facts));
}
