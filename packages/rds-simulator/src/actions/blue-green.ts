import type { BlueGreenDeployment } from '../account.ts'
import { RdsError } from '../wire/error.ts'
import { type FilterTable, filtered } from '../wire/filters.ts'
import { pageOf } from '../wire/page.ts'
import { type Params, text } from '../wire/params.ts'
import { tagList } from '../wire/tags.ts'
import { list, type XmlObject } from '../wire/xml.ts'
import type { World } from '../world.ts'

const filters: FilterTable<BlueGreenDeployment> = {
  'blue-green-deployment-identifier': ({ id }) => id,
  'blue-green-deployment-name': ({ name }) => name,
  source: ({ sourceArn }) => sourceArn,
  target: ({ targetArn }) => targetArn,
}

export function describeBlueGreenDeployments(params: Params, world: World): XmlObject {
  const id = text(params, 'BlueGreenDeploymentIdentifier')
  const all = [...world.account.deployments.values()]
  const named = id === undefined ? all : all.filter((deployment) => deployment.id === id.toLowerCase())
  if (id !== undefined && named.length === 0) {
    throw new RdsError('BlueGreenDeploymentNotFoundFault', `BlueGreenDeployment ${id} not found.`)
  }
  const page = pageOf(params, filtered(params, named, filters), (deployment) => deployment.id, world.pageSize)
  return { BlueGreenDeployments: list('member', page.items.map(shape)), Marker: page.marker }
}

function shape({ id, name, sourceArn, targetArn, status, createdAt, tags }: BlueGreenDeployment): XmlObject {
  return {
    BlueGreenDeploymentIdentifier: id,
    BlueGreenDeploymentName: name,
    Source: sourceArn,
    Target: targetArn,
    SwitchoverDetails: list('member', [{ SourceMember: sourceArn, TargetMember: targetArn, Status: status }]),
    Tasks: list('member', []),
    Status: status,
    CreateTime: createdAt,
    TagList: tagList(tags),
  }
}
