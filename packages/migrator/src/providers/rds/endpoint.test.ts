import { expect, test } from 'vitest'
import { readEndpoint } from './endpoint.ts'

function check(host: string, kind: string, id?: string, region?: string): void {
  expect(readEndpoint(host)).toEqual(id === undefined ? { kind } : { kind, id, region })
}

test('tells instance, writer, reader, custom endpoint and proxy by the host', () => {
  const rest = 'eu-west-1.rds.amazonaws.com'
  check(`summit-prod.c9akciq32.${rest}`, 'instance', 'summit-prod', 'eu-west-1')
  check(`aurora.cluster-c9akciq32.${rest}`, 'writer', 'aurora', 'eu-west-1')
  check(`aurora.cluster-ro-c9akciq32.${rest}`, 'reader', 'aurora', 'eu-west-1')
  check(`reports.cluster-custom-c9akciq32.${rest}`, 'custom', 'reports', 'eu-west-1')
  check(`front.proxy-c9akciq32.${rest}`, 'proxy', 'front', 'eu-west-1')
  check(`read-only.endpoint.proxy-c9akciq32.${rest}`, 'proxy-endpoint', 'read-only', 'eu-west-1')
})

test('knows the regions of every partition that has such hosts', () => {
  check('db.abc.us-gov-west-1.rds.amazonaws.com', 'instance', 'db', 'us-gov-west-1')
  check('db.abc.ap-southeast-2.rds.amazonaws.com', 'instance', 'db', 'ap-southeast-2')
  check('db.abc.rds.cn-north-1.amazonaws.com.cn', 'instance', 'db', 'cn-north-1')
  check('db.cluster-abc.rds.cn-northwest-1.amazonaws.com.cn', 'writer', 'db', 'cn-northwest-1')
})

test('minds neither case nor the dot at the end', () => {
  check('Summit.ABC.EU-west-1.RDS.amazonaws.com.', 'instance', 'summit', 'eu-west-1')
})

test('takes nothing else for a host of RDS', () => {
  for (const host of [
    'db.example.com',
    'localhost',
    '10.0.0.7',
    'rds.amazonaws.com',
    'db.eu-west-1.rds.amazonaws.com',
    'db.abc.eu-west-1.rds.amazonaws.com.evil.example',
    'db.abc.eu-west-1.rds-amazonaws.com',
    'everywhere.global-abc.global.rds.amazonaws.com',
    'db.shardgrp-abc.eu-west-1.rds.amazonaws.com',
  ])
    check(host, 'elsewhere')
})
