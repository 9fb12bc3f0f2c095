import { expect, test } from 'vitest'
import { checksumOf } from './checksum.ts'

/** The sums are what `printf CONTENT | sha256sum` prints. */
function check(content: string | Uint8Array, expected: string): void {
  expect(checksumOf(content)).toBe(expected)
}

test('equals what sha256sum prints', () => {
  check('', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  check('abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  check('SELECT 1;\n', 'b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd')
  check("SELECT 'é😀';\r\n", '3f2f17cf57ed2ee75e2863d9fb63121370a0a378330be8918b0348ddf772247f')
})

test('is that of the bytes, whether they are text or not', () => {
  check(Buffer.from("SELECT 'é😀';\r\n", 'utf8'), '3f2f17cf57ed2ee75e2863d9fb63121370a0a378330be8918b0348ddf772247f')
  check(Uint8Array.of(0xff, 0x00, 0xfe), 'af9ceddc9d8b08ac09e1994bfd20459b5e377425df7354dfce3501992828a5b7')
})
