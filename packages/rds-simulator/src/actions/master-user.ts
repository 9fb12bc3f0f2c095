import { RdsError } from '../wire/error.ts'

/** Throws InvalidParameterValue for what RDS would not take either. */
export function masterUser(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) return name
  throw new RdsError('InvalidParameterValue', `MasterUsername ${name} is not a valid identifier.`)
}

/** Makes the master user where it is not `postgres`, who is there from the start, and gives it the password, if any. */
export function userStatements(user: string, password: string | undefined): readonly string[] {
  const role = quoted(user)
  const make = `DO $$ BEGIN IF to_regrole('${role}') IS NULL THEN CREATE ROLE ${role} LOGIN SUPERUSER; END IF; END $$`
  return password === undefined ? [make] : [make, `ALTER ROLE ${role} PASSWORD ${literal(password)}`]
}

/** Makes the database, unless it is `postgres` or none. */
export function databaseStatements(name: string | undefined): readonly string[] {
  return name === undefined || name === 'postgres' ? [] : [`CREATE DATABASE ${quoted(name)}`]
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
