/** The name and the version of this package; a test keeps them equal to package.json. */
export const toolName = '@repo/migrator'
export const toolVersion = '0.1.0'
