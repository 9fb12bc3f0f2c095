/** The only file of this package that reads the environment. */
export function readEnv(): { readonly path: string; readonly home: string } {
  const { PATH = '', HOME = '' } = process.env
  return { path: PATH, home: HOME }
}
