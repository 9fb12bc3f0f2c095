/** Whether two versions of PostgreSQL share a major version; unknown ones are taken to. */
export function sameMajor(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || major(one) === major(other)
}

function major(version: string): string {
  return version.split('.')[0] ?? version
}
