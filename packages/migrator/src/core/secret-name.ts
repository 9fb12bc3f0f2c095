/** Whether something with this name is a secret: `PGPASSWORD`, `aws_secret_access_key`, `clientSecret`, `api-key`. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name.replace(/[_-]/g, ''))
}

const SECRET =
  /password|passwd|passphrase|passcode|pwd|secret|credential|authorization|cookie|token$|(?:api|access|private|session|encryption|signing|master|account|shared)keys?$/i
