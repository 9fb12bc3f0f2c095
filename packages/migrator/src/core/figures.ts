const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** `812 bytes`, `3.4 MB`: decimal units, as disks are sold. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${value} bytes` : `${value.toFixed(1)} ${UNITS[unit]}`
}

/** `1,234,567` */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/** `statement 2 of 7`; empty where there is only one. */
export function statementText(place: { readonly index: number; readonly count: number } | undefined): string {
  return place && place.count > 1 ? `statement ${place.index} of ${place.count}` : ''
}
