// Writes docs/reference/api.md from the docstrings of what the package exports: `pnpm --filter @repo/migrator api`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const here = import.meta.dirname
const page = join(here, '../../docs/reference/api.md')

/** The page as it should be. */
export function apiPage(): string {
  const { name, exports } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as Manifest
  const sources = Object.entries(exports).filter(([, file]) => file.endsWith('.ts'))
  const entries = sources.map(([path, file]) => ({ title: join(name, path), file: join(here, file) }))
  const { config } = ts.readConfigFile(join(here, '../../tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, here, undefined, undefined, undefined, [])
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    options,
  )
  const told = new Set<ts.Symbol>()
  const parts = entries.map(({ title, file }) => entryPoint(program, title, file, told))
  return `${[HEAD, ...parts].join('\n\n')}\n`
}

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
}

const HEAD = `# API

What a program may import, from the docstrings of the source. Written by \`pnpm --filter @repo/migrator api\`; do not edit.`

/** Values first, because that is what a reader calls; then the types, by name. What an entry point before it has is left out. */
function entryPoint(program: ts.Program, title: string, file: string, told: Set<ts.Symbol>): string {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (!module) throw new Error(`${file} exports nothing`)
  const symbols = checker.getExportsOfModule(module).map((each) => original(checker, each))
  const fresh = [...new Set(symbols)].filter((symbol) => !told.has(symbol))
  for (const symbol of fresh) told.add(symbol)
  const values = fresh.filter(({ flags }) => flags & ts.SymbolFlags.Value)
  const types = fresh.filter(({ flags }) => !(flags & ts.SymbolFlags.Value))
  const ordered = [values, types].flatMap((group) => group.sort((a, b) => a.name.localeCompare(b.name, 'en')))
  return [`## ${title}`, contents(values), ...ordered.map((symbol) => section(checker, symbol))].join('\n\n')
}

function original(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

function contents(symbols: readonly ts.Symbol[]): string {
  return symbols.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(' · ')
}

function section(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const doc = ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const parts = declarationsOf(symbol).flatMap((node) => body(checker, symbol.name, node))
  return [`### ${symbol.name}`, doc, ...parts].filter((part) => part !== '').join('\n\n')
}

/** Of a function with overloads, those; the implementation is nobody's to call. */
function declarationsOf({ declarations = [] }: ts.Symbol): readonly ts.Declaration[] {
  const overloads = declarations.filter((node) => ts.isFunctionDeclaration(node) && !node.body)
  return overloads.length > 0 ? overloads : declarations.slice(0, 1)
}

function body(checker: ts.TypeChecker, name: string, node: ts.Declaration): readonly string[] {
  if (ts.isClassDeclaration(node)) return members(checker, name, node.members)
  if (ts.isFunctionDeclaration(node)) return [code(`function ${signature(checker, name, node)}`)]
  if (!ts.isVariableDeclaration(node)) return [code(node.getText().replace(/^export /, ''))]
  const { initializer } = node
  const methods = initializer && ts.isObjectLiteralExpression(initializer) ? initializer.properties : undefined
  return methods?.some(ts.isMethodDeclaration) ? members(checker, name, methods) : []
}

/** The constructor, and what has a docstring, in the order of the source. */
function members(
  checker: ts.TypeChecker,
  name: string,
  nodes: readonly (ts.ClassElement | ts.ObjectLiteralElementLike)[],
): readonly string[] {
  const shown = nodes.filter(
    (node) => ts.isConstructorDeclaration(node) || (docOf(checker, node) !== '' && isPublic(node)),
  )
  return shown.map((node) => {
    const title = ts.isConstructorDeclaration(node) ? `new ${name}` : (node.name?.getText() ?? '')
    return [`#### ${title}`, code(memberText(checker, title, node)), docOf(checker, node)]
      .filter((part) => part !== '')
      .join('\n\n')
  })
}

function isPublic({ name }: ts.ClassElement | ts.ObjectLiteralElementLike): boolean {
  return name !== undefined && !ts.isPrivateIdentifier(name)
}

function memberText(checker: ts.TypeChecker, title: string, node: ts.Node): string {
  if (ts.isFunctionLike(node) && !ts.isAccessor(node)) return signature(checker, title, node)
  return `readonly ${title}: ${checker.typeToString(checker.getTypeAtLocation(node), node, ts.TypeFormatFlags.NoTruncation)}`
}

/** As a caller sees it: a parameter with a default is one that may be left out. */
function signature(checker: ts.TypeChecker, name: string, node: ts.SignatureDeclaration): string {
  const parameters = node.parameters.map((parameter) => {
    const optional = parameter.questionToken || parameter.initializer ? '?' : ''
    const rest = parameter.dotDotDotToken ? '...' : ''
    const label = ts.isIdentifier(parameter.name) ? parameter.name.text : 'options'
    return `${rest}${label}${optional}: ${parameter.type?.getText() ?? typeText(checker, parameter)}`
  })
  const result = ts.isConstructorDeclaration(node) ? '' : `: ${node.type?.getText() ?? 'void'}`
  const generics = node.typeParameters?.map((each) => each.getText()).join(', ')
  return `${name}${generics ? `<${generics}>` : ''}(${parameters.join(', ')})${result}`
}

function typeText(checker: ts.TypeChecker, node: ts.Node): string {
  return checker.typeToString(checker.getTypeAtLocation(node), node, ts.TypeFormatFlags.NoTruncation)
}

/** Its own docstring, or that of the interface it implements. */
function docOf(checker: ts.TypeChecker, node: ts.ClassElement | ts.ObjectLiteralElementLike): string {
  const symbol = node.name && checker.getSymbolAtLocation(node.name)
  if (symbol) return ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  return ts.getTextOfJSDocComment(doc?.comment) ?? ''
}

function code(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\``
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, apiPage())
