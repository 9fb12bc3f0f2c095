import { RdsError } from './error.ts'
import { members, type Params } from './params.ts'
import { list, type XmlList } from './xml.ts'

export type Tags = ReadonlyMap<string, string>

// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const most = 50

/** The request's Tags. Throws InvalidParameterValue for a key or value that cannot be one. */
export function readTags(params: Params): Tags {
  const tags = new Map(
    members(params, 'Tags').map((member) => [member.get('Key') ?? '', member.get('Value') ?? ''] as const),
  )
  for (const [key, value] of tags) checkTag(key, value)
  if (tags.size > most) throw new RdsError('InvalidParameterValue', `More than ${most} tags are not allowed.`)
  return tags
}

export function tagList(tags: Tags): XmlList {
  return list(
    'Tag',
    [...tags].map(([Key, Value]) => ({ Key, Value })),
  )
}

function checkTag(key: string, value: string): void {
  if (key === '' || key.length > 128 || !allowed.test(key) || /^aws:/i.test(key)) {
    throw new RdsError('InvalidParameterValue', `The tag key is invalid: ${key}`)
  }
  if (value.length > 256 || !allowed.test(value)) {
    throw new RdsError('InvalidParameterValue', `The tag value of ${key} is invalid: ${value}`)
  }
}
