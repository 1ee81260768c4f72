import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link, type LinkProps } from "react-router";

const BASE =
  "inline-flex min-h-9 items-center justify-center gap-1.5 rounded-lg px-3 text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-55 aria-pressed:border-accent aria-pressed:text-accent";
const LOOKS = {
  primary: "bg-accent text-on-accent hover:brightness-110",
  plain: "border border-edge bg-panel text-ink hover:bg-raised",
  danger: "border border-bad bg-panel text-bad hover:bg-bad-soft",
  quiet: "text-ink hover:bg-raised",
};
export type Look = keyof typeof LOOKS;

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { look?: Look; busy?: boolean };

export function Button({ look = "plain", busy = false, className = "", children, disabled, ...rest }: Props) {
  return (
    <button
      type="button"
      className={`${BASE} ${LOOKS[look]} ${className}`}
      disabled={disabled || busy}
      aria-busy={busy}
      {...rest}
    >
      {children}
    </button>
  );
}

export function IconButton({
  label,
  children,
  className = "",
  ...rest
}: Props & { label: string; children: ReactNode }) {
  return (
    <Button look="quiet" className={`w-9 px-0! ${className}`} aria-label={label} title={label} {...rest}>
      {children}
    </Button>
  );
}

export function LinkButton({ look = "plain", className = "", ...rest }: LinkProps & { look?: Look }) {
  return <Link className={`${BASE} ${LOOKS[look]} ${className}`} {...rest} />;
}
