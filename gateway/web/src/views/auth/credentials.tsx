import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Problem, toProblem } from "@/api/problem";
import type { User } from "@/api/types";
import { logIn, showMe, signUp } from "@/data/account";
import { isSomebodyElse, signedIn } from "@/data/session";
import { forgetUser } from "@/generation/forget";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { IconButton } from "@/ui/icon-button";
import { Spinner } from "@/ui/spinner";
import { problemText, t } from "@/words";

export type Mode = "login" | "signup";

/** The form for e-mail and password. Calls onDone with the user once the session is open. */
export function Credentials({
  mode,
  email: known = "",
  onDone,
}: {
  mode: Mode;
  email?: string;
  onDone?: (user: User | undefined) => void;
}) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const opened = await (mode === "login"
        ? logIn(email, password)
        : signUp(email, password, displayName));
      const { user } = opened.answer;
      if (isSomebodyElse(user?.id)) forgetUser();
      signedIn(opened);
      onDone?.(user);
      if (user) showMe(user);
    } catch (thrown) {
      setProblem(toProblem(thrown));
      setBusy(false);
    }
  };

  const wrong = fieldOf(problem);
  const said = problem && problemText(problem);
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      {problem && wrong === "form" && (
        <p role="alert" className="rounded-md bg-danger-soft px-3 py-2.5 text-sm text-danger">
          {said}
        </p>
      )}
      {mode === "signup" && (
        <Field
          label={t("auth.name")}
          note={t("auth.optional")}
          name="name"
          autoComplete="name"
          maxLength={100}
          value={displayName}
          onChange={(event) => setDisplayName(event.target.value)}
        />
      )}
      <Field
        label={t("auth.email")}
        type="email"
        name="email"
        autoComplete="username"
        required
        maxLength={254}
        value={email}
        error={wrong === "email" ? said : undefined}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        mode={mode}
        value={password}
        error={wrong === "password" ? said : undefined}
        onChange={setPassword}
      />
      <Button look="primary" size="large" type="submit" disabled={busy} className="mt-1">
        {busy && <Spinner />}
        {t(mode === "login" ? "auth.logIn" : "auth.signUp")}
      </Button>
    </form>
  );
}

function PasswordField({
  mode,
  value,
  error,
  onChange,
}: {
  mode: Mode;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      label={t("auth.password")}
      type={shown ? "text" : "password"}
      name="password"
      autoComplete={mode === "login" ? "current-password" : "new-password"}
      required
      minLength={mode === "signup" ? 8 : 1}
      maxLength={128}
      value={value}
      error={error}
      {...(mode === "signup" ? { hint: t("auth.passwordHint") } : {})}
      onChange={(event) => onChange(event.target.value)}
      end={
        <IconButton
          label={t(shown ? "auth.hide" : "auth.show")}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          {shown ? <EyeOff /> : <Eye />}
        </IconButton>
      }
    />
  );
}

/** Where the form shows a problem: at the field that it names, or above all fields. */
function fieldOf(problem: Problem | undefined): "email" | "password" | "form" {
  if (problem?.field === "email" || problem?.reason.startsWith("EMAIL_")) return "email";
  if (problem?.field === "password" || problem?.reason === "PASSWORD_WEAK") return "password";
  return "form";
}
