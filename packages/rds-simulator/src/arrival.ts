import type { Flags } from './flags.ts'

/** What whoever started it reads: what there is, what to export, what to try. */
export function arrival(
  { url, region }: { readonly url: string; readonly region: string },
  { instance, cluster, snapshotMs }: Flags,
  databaseUrls: { readonly instance: string; readonly cluster: string | undefined },
): string {
  const aurora = cluster === undefined ? [] : [`Aurora cluster ${cluster}: DATABASE_URL=${databaseUrls.cluster}`]
  const lines = [
    `RDS is simulated on ${url}, region ${region}. A snapshot takes ${snapshotMs / 1000} s.`,
    `DB instance ${instance}: a real PostgreSQL, empty. All of it is removed at the end (Ctrl-C).`,
    ...aurora,
    '',
    'In another terminal:',
    `  export AWS_ENDPOINT_URL_RDS=${url}`,
    `  export AWS_REGION=${region}`,
    '  export AWS_ACCESS_KEY_ID=simulator',
    '  export AWS_SECRET_ACCESS_KEY=simulator',
    `  export DATABASE_URL=${databaseUrls.instance}`,
    '',
    'Then try:',
    '  pnpm db:migrate',
    `  curl ${url}/_simulator`,
    `  curl -H 'content-type: application/json' -d '{"kind":"quota-exceeded"}' ${url}/_simulator/faults`,
    `  curl -X DELETE ${url}/_simulator/faults`,
  ]
  return `${lines.join('\n')}\n`
}
