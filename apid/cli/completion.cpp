#include "apid/cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "apid/cli/families.h"

namespace wghub::cli {
namespace {

// A place on the command line: the first two words that are no options, and what may follow them.
struct Place {
  std::string words;                                      ///< "", "spoke", "spoke list", "events"
  std::vector<std::pair<std::string, std::string>> next;  ///< a word and what it is
  const Command* command = nullptr;                       ///< once it is clear
};

std::string join(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

Place place_of(const std::string& words, const Command& command) {
  Place place{words, {}, &command};
  for (const auto& argument : command.arguments) {
    if (argument.is_option()) place.next.emplace_back(argument.name, argument.what);
    for (const auto& choice : argument.choices)
      if (!argument.is_option()) place.next.emplace_back(choice, argument.what);
  }
  return place;
}

std::vector<Place> places_of(const std::vector<Group>& groups) {
  std::vector<Place> places(1);
  for (const auto& group : groups) {
    if (!group.name.empty()) places.front().next.emplace_back(group.name, group.what);
    Place inside{group.name, {}, nullptr};
    std::vector<Place> commands;
    for (const auto& command : group.commands) {
      (group.name.empty() ? places.front() : inside).next.emplace_back(command.name, command.what);
      commands.push_back(place_of(group.name.empty() ? command.name : group.name + " " + command.name, command));
    }
    if (!group.name.empty()) places.push_back(std::move(inside));
    places.insert(places.end(), commands.begin(), commands.end());
  }
  return places;
}

bool takes_file(const Place& place) {
  if (place.command == nullptr) return false;
  const auto& arguments = place.command->arguments;
  return std::any_of(arguments.begin(), arguments.end(), [](const Argument& each) { return each.name == "FILE"; });
}

// Options that take a value, of all commands: the word behind them names no place.
std::string options_with_values(const std::vector<Group>& groups, const char* between) {
  std::vector<std::string> names;
  for (const auto& argument : global_arguments()) names.push_back(argument.name);
  for (const auto& group : groups)
    for (const auto& command : group.commands)
      for (const auto& argument : command.arguments)
        if (argument.is_option() && argument.need != Need::flag &&
            std::find(names.begin(), names.end(), argument.name) == names.end())
          names.push_back(argument.name);
  return fmt::format("{}", fmt::join(names, between));
}

std::string global_words() {
  std::string words = "--json --help";
  for (const auto& argument : global_arguments()) words += " " + argument.name;
  return words;
}

// The branches of a case statement that sets `answers`, by place and the option before the word.
std::string branches(const std::vector<Place>& places) {
  std::string text;
  for (const auto& place : places) {
    if (place.command == nullptr) continue;
    for (const auto& argument : place.command->arguments)
      if (argument.is_option() && !argument.choices.empty())
        text += fmt::format("    '{} {}') answers='{}' ;;\n", place.words, argument.name, join(argument.choices));
  }
  text += "    *' --'*-file | *' --socket' | *' --config') answers=FILES ;;\n";
  text += "    *' --'*) [[ $before == @(" + std::string("VALUED") + ") ]] && answers=NONE ;;\n";
  return text;
}

std::string by_place(const std::vector<Place>& places) {
  std::string text;
  for (const auto& place : places) {
    std::string words = takes_file(place) ? "FILES " : "";
    for (const auto& [word, what] : place.next) words += word + " ";
    text += fmt::format("      '{}') answers='{}{}' ;;\n", place.words, words, global_words());
  }
  return text;
}

std::string replaced(std::string text, const std::string& word, const std::string& value) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size()))
    text.replace(at, word.size(), value);
  return text;
}

// One way of finding the place for both shells, which number words differently.
constexpr auto kBash = R"(# Completion of wghub for bash, made by: wghub completion bash
_wghub() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} place='' answers='' number=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      VALUED) ((i++)) ;;
      -*) ;;
      *) if ((number++ < 2)); then place+=${place:+ }${COMP_WORDS[i]}; fi ;;
    esac
  done
  case $place in SINGLES) place=${place%% *} ;; esac
  case "$place $before" in
BRANCHES  esac
  if [ -z "$answers" ]; then
    case $place in
BYPLACE    esac
  fi
  case $answers in
    NONE) COMPREPLY=() ;;
    FILES*)
      if [[ $word == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "${answers#FILES}" -- "$word")
      else mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$answers" -- "$word") ;;
  esac
}
complete -F _wghub wghub
)";

constexpr auto kZsh = R"(#compdef wghub
# Completion of wghub for zsh, made by: wghub completion zsh
_wghub() {
  setopt localoptions kshglob noshwordsplit
  local before=$words[CURRENT-1] place='' answers='' number=0 i
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      VALUED) ((i++)) ;;
      -*) ;;
      *) if ((number++ < 2)); then place+=${place:+ }$words[i]; fi ;;
    esac
  done
  case $place in SINGLES) place=${place%% *} ;; esac
  case "$place $before" in
BRANCHES  esac
  if [ -z "$answers" ]; then
    case $place in
BYPLACE    esac
  fi
  case $answers in
    NONE) ;;
    FILES*) if [[ $words[CURRENT] == -* ]]; then compadd -- ${=answers#FILES}; else _files; fi ;;
    *) compadd -- ${=answers} ;;
  esac
}
if [ "$funcstack[1]" = _wghub ]; then _wghub; else compdef _wghub wghub; fi
)";

constexpr auto kFish = R"(# Completion of wghub for fish, made by: wghub completion fish
function __wghub_place
  set -l place
  set -l skip no
  for word in (commandline -opc)[2..-1]
    if test $skip = yes
      set skip no
    else if contains -- $word VALUED
      set skip yes
    else if not string match -q -- '-*' $word
      set place $place $word
    end
  end
  set -q place[3]; and set place $place[1..2]
  switch "$place"
    case SINGLES
      set place $place[1]
  end
  echo "$place"
end
complete -c wghub -f
complete -c wghub -l json -d 'print JSON instead of tables'
complete -c wghub -l help -d 'print help'
)";

// Commands that stand alone have no second word.
std::string singles(const std::vector<Group>& groups, const char* form, const char* between) {
  std::string text;
  for (const auto& group : groups)
    for (const auto& command : group.commands)
      if (group.name.empty()) text += (text.empty() ? "" : between) + fmt::format(fmt::runtime(form), command.name);
  return text;
}

std::string fill(std::string text, const std::vector<Group>& groups) {
  const auto places = places_of(groups);
  text = replaced(std::move(text), "BRANCHES", branches(places));
  text = replaced(std::move(text), "BYPLACE", by_place(places));
  text = replaced(std::move(text), "@(VALUED)", "@(" + options_with_values(groups, "|") + ")");
  text = replaced(std::move(text), "SINGLES", singles(groups, "{}' '*", " | "));
  return replaced(std::move(text), "VALUED", options_with_values(groups, " | "));
}

std::string fish_text(const std::string& text) { return "'" + replaced(text, "'", "\\'") + "'"; }

std::string fish_option(const Argument& argument) {
  const bool file = argument.name.ends_with("-file") || argument.name == "--socket" || argument.name == "--config";
  std::string line = fmt::format(" -l {} {} -d {}", argument.name.substr(2),
                                 argument.need == Need::flag ? "-f"
                                 : file                      ? "-rF"
                                                             : "-x",
                                 fish_text(argument.what));
  if (!argument.choices.empty()) line += " -a " + fish_text(join(argument.choices));
  return line;
}

}  // namespace

std::string bash_completion(const std::vector<Group>& groups) { return fill(kBash, groups); }

std::string zsh_completion(const std::vector<Group>& groups) { return fill(kZsh, groups); }

std::string fish_completion(const std::vector<Group>& groups) {
  std::string text = replaced(kFish, "SINGLES", singles(groups, "'{} *'", " "));
  text = replaced(std::move(text), "VALUED", options_with_values(groups, " "));
  for (const auto& argument : global_arguments()) text += "complete -c wghub" + fish_option(argument) + "\n";
  for (const auto& place : places_of(groups)) {
    const std::string here = fmt::format("complete -c wghub -n 'test \"$(__wghub_place)\" = \"{}\"'", place.words);
    for (const auto& [word, what] : place.next)
      if (!word.starts_with("--")) text += fmt::format("{} -a {} -d {}\n", here, word, fish_text(what));
    if (takes_file(place)) text += here + " -F\n";
    if (place.command == nullptr) continue;
    for (const auto& argument : place.command->arguments)
      if (argument.is_option()) text += here + fish_option(argument) + "\n";
  }
  return text;
}

}  // namespace wghub::cli
