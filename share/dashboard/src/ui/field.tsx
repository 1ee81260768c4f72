// A field of a form: label, input, hint, fault; the latter two are told to who cannot see them.
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";

const INPUT =
  "w-full min-w-0 rounded-lg border border-edge bg-panel px-3 py-1.5 text-ink placeholder:text-muted aria-invalid:border-bad";

type Told = { label: string; hint?: ReactNode; fault?: string | undefined; hideLabel?: boolean };

function Frame({ id, label, hint, fault, hideLabel, children }: Told & { id: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <label htmlFor={id} className={hideLabel ? "sr-only" : "mb-1 block font-medium text-sm"}>
        {label}
      </label>
      {children}
      {fault ? (
        <p id={`${id}-told`} className="mt-1 text-bad text-sm">
          {fault}
        </p>
      ) : (
        hint && (
          <p id={`${id}-told`} className="mt-1 text-muted text-sm">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

function told(id: string, { hint, fault }: Told) {
  return { id, "aria-invalid": fault ? true : undefined, "aria-describedby": hint || fault ? `${id}-told` : undefined };
}

export function Field({
  label,
  hint,
  fault,
  hideLabel,
  className = "",
  ...rest
}: Told & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} fault={fault} hideLabel={hideLabel}>
      <input
        className={`${INPUT} ${className}`}
        autoComplete="off"
        spellCheck={false}
        {...told(id, { label, hint, fault })}
        {...rest}
      />
    </Frame>
  );
}

export function AreaField({
  label,
  hint,
  fault,
  hideLabel,
  ...rest
}: Told & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} fault={fault} hideLabel={hideLabel}>
      <textarea
        className={`${INPUT} font-mono text-sm`}
        spellCheck={false}
        {...told(id, { label, hint, fault })}
        {...rest}
      />
    </Frame>
  );
}

type Options = { options: [value: string, text: string][] };
export function SelectField({
  label,
  hint,
  fault,
  hideLabel,
  options,
  ...rest
}: Told & Options & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} fault={fault} hideLabel={hideLabel}>
      <select className={`${INPUT} min-h-9`} {...told(id, { label, hint, fault })} {...rest}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Frame>
  );
}
