import { expect, test } from 'vitest'
import { choosePrograms, type Programs, versionIn } from './programs.ts'

function installed(major: number, folder = `/pg${major}`): Programs {
  return { folder, dump: `${folder}/pg_dump`, restore: `${folder}/pg_restore`, version: `${major}.1`, major }
}

test("the server's own major is chosen, or else the nearest later one, never an older one", () => {
  const majors = [16, 18, 15, 17].map((major) => installed(major))
  expect(choosePrograms(majors, 17)?.major).toBe(17)
  expect(choosePrograms(majors, 14)?.major).toBe(15)
  expect(choosePrograms(majors, 19)).toBeUndefined()
  expect(choosePrograms([installed(15, '/first'), installed(15, '/second')], 15)?.folder).toBe('/first')
})

test('a version is read from what the programs say of themselves', () => {
  expect(versionIn('pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n')).toEqual({ version: '15.18', major: 15 })
  expect(versionIn('pg_restore (PostgreSQL) 18beta1\n')).toEqual({ version: '18beta1', major: 18 })
  expect(versionIn('Error: You must install at least one postgresql-client-<version> package')).toBeUndefined()
})
