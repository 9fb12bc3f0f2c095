/** What programs that a call starts inherit. */
export function environmentOfPrograms(): Readonly<Record<string, string | undefined>> {
  return process.env
}
