/** The only file of this package that reads the environment. */
export function readEnv(): { readonly path: string; readonly home: string; readonly packageManager?: string } {
  const { PATH = '', HOME = '', npm_execpath: packageManager } = process.env
  return { path: PATH, home: HOME, ...(packageManager === undefined ? {} : { packageManager }) }
}
