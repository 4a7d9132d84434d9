import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  ConditionalCheckFailedException,
  DynamoDBClient,
  DynamoDBServiceException,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";

type Item = Record<string, AttributeValue>;

const placeholders = ["ExpressionAttributeNames", "ExpressionAttributeValues"];

/** The limits that DynamoDB documents; smaller pages make a test meet them sooner. */
export interface FakeDynamoOptions {
  readonly pageBytes?: number;
  readonly batchGetBytes?: number;
}

/**
 * DynamoDB's wire, in memory, with the keys `pk` and `sk`: the four operations, the three conditions, and nothing else. Whatever it
 * doesn't know it throws on, so that code which begins to send something new has to come here first.
 */
export function fakeDynamo(tables: readonly string[], options: FakeDynamoOptions = {}) {
  const client = new DynamoDBClient({ region: "eu-central-1" });
  const wire = new FakeWire(tables, options);
  const mock = mockClient(client);
  mock.onAnyCommand().callsFake(() => refuse("the fake doesn't know this command"));
  mock.on(PutItemCommand).callsFake((input) => wire.putItem(input));
  mock.on(BatchGetItemCommand).callsFake((input) => wire.batchGetItem(input));
  mock.on(BatchWriteItemCommand).callsFake((input) => wire.batchWriteItem(input));
  mock.on(QueryCommand).callsFake((input) => wire.query(input));
  return { client, mock, itemsOf: (table: string) => [...wire.table(table).values()] };
}

class FakeWire {
  readonly #tables: Map<string, Map<string, Item>>;
  readonly #pageBytes: number;
  readonly #batchGetBytes: number;

  constructor(tables: readonly string[], { pageBytes = 1_048_576, batchGetBytes = 16 * 1_048_576 }: FakeDynamoOptions) {
    this.#tables = new Map(tables.map((table) => [table, new Map()]));
    this.#pageBytes = pageBytes;
    this.#batchGetBytes = batchGetBytes;
  }

  async putItem(input: PutItemCommandInput) {
    onlyKnows(input, [
      "TableName",
      "Item",
      "ConditionExpression",
      "ReturnValuesOnConditionCheckFailure",
      "ReturnConsumedCapacity",
      ...placeholders,
    ]);
    const table = this.table(input.TableName);
    const item = checkedItem(input.Item ?? {});
    const found = table.get(addressOf(item));
    if (input.ConditionExpression !== undefined && !holds(input, found ?? {})) {
      const isTold = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD" && found;
      throw new ConditionalCheckFailedException({
        message: "The conditional request failed",
        $metadata: { httpStatusCode: 400 },
        ...(isTold && { Item: copy(found) }),
      });
    }
    table.set(addressOf(item), copy(item));
    return told(input, unitsOf([item, found], 1_024));
  }

  async batchGetItem(input: BatchGetItemCommandInput) {
    const [[name, request] = refuse("no table"), ...others] = Object.entries(input.RequestItems ?? {});
    if (others.length > 0 || request.ConsistentRead !== true) refuse("only consistent reads of one table are known");
    const keys = request.Keys ?? [];
    checkCount(keys.map(addressOf), 100);
    const items: Item[] = [];
    let bytes = 0;
    let units = 0;
    for (const [index, key] of keys.entries()) {
      const item = this.table(name).get(addressOf(checkedKey(key)));
      units += unitsOf([item], 4_096);
      bytes += item ? sizeOf(item) : 0;
      if (bytes > this.#batchGetBytes && items.length > 0) {
        return { Responses: { [name]: items }, UnprocessedKeys: { [name]: { ...request, Keys: keys.slice(index) } } };
      }
      if (item) items.push(copy(item));
    }
    return { Responses: { [name]: items }, UnprocessedKeys: {}, ...told(input, units, true) };
  }

  async batchWriteItem(input: BatchWriteItemCommandInput) {
    const [[name, requests] = refuse("no table"), ...others] = Object.entries(input.RequestItems ?? {});
    if (others.length > 0) refuse("only writes to one table are known");
    const keys = requests.map(({ PutRequest, DeleteRequest }) => {
      if (DeleteRequest?.Key) return addressOf(checkedKey(DeleteRequest.Key));
      return addressOf(checkedItem(PutRequest?.Item ?? refuse("neither put nor delete")));
    });
    checkCount(keys, 25);
    const table = this.table(name);
    const units = requests.map(({ PutRequest }, at) => unitsOf([PutRequest?.Item, table.get(keys[at]!)], 1_024));
    for (const { PutRequest, DeleteRequest } of requests) {
      if (PutRequest?.Item) table.set(addressOf(PutRequest.Item), copy(PutRequest.Item));
      if (DeleteRequest?.Key) table.delete(addressOf(DeleteRequest.Key));
    }
    const sum = units.reduce((all, one) => all + one, 0);
    return { UnprocessedItems: {}, ...told(input, sum, true) };
  }

  async query(input: QueryCommandInput) {
    const options = ["ConsistentRead", "ExclusiveStartKey", "Limit", "ScanIndexForward"];
    onlyKnows(input, ["TableName", "KeyConditionExpression", "ReturnConsumedCapacity", ...options, ...placeholders]);
    if (input.ConsistentRead !== true) refuse("only consistent reads are known");
    const { Limit: limit = Number.POSITIVE_INFINITY } = input;
    if (limit < 1) refuse("Limit must be 1 or more");
    const forward = input.ScanIndexForward !== false;
    const after = input.ExclusiveStartKey && checkedKey(input.ExclusiveStartKey);
    // DynamoDB Local refuses a start at the bound that a query ends with, too.
    if (after && !inKeyRange(input, [after], false).length)
      refuse("The provided starting key does not match the range key predicate");
    const inOrder = inKeyRange(input, [...this.table(input.TableName).values()]);
    const found = (forward ? inOrder : inOrder.reverse()).filter((item) => {
      const distance = after ? order(text(item, "sk"), text(after, "sk")) : 1;
      return after ? (forward ? distance > 0 : distance < 0) : true;
    });
    let bytes = 0;
    // A page ends with the item that fills it; DynamoDB then gives a key to go on from even if nothing follows.
    const end = found.findIndex((item, at) => {
      bytes += sizeOf(item);
      return bytes >= this.#pageBytes || at + 1 === limit;
    });
    const units = told(input, Math.max(1, Math.ceil(bytes / 4_096)));
    if (end === -1) return { Items: found.map(copy), ...units };
    const { pk, sk } = found[end]!;
    return { Items: found.slice(0, end + 1).map(copy), LastEvaluatedKey: { pk: pk!, sk: sk! }, ...units };
  }

  table(name: string | undefined): Map<string, Item> {
    return this.#tables.get(name ?? "") ?? refuse(`Requested resource not found: ${name}`, "ResourceNotFoundException");
  }
}

type Expressed = Pick<
  PutItemCommandInput & QueryCommandInput,
  "ConditionExpression" | "KeyConditionExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues"
>;

/** The conditions of puts. A comparison with an attribute that isn't there is false. */
function holds(input: Expressed, item: Item): boolean {
  const at = (name: string) => item[nameOf(input, name)];
  const number = (value: AttributeValue | undefined) => Number(value?.N ?? Number.NaN);
  const given = (value: string) => number(givenValue(input, value));
  checkPlaceholders(input, input.ConditionExpression!);
  switch (input.ConditionExpression) {
    case "attribute_not_exists(#pk) OR #ttl <= :now":
      return at("#pk") === undefined || number(at("#ttl")) <= given(":now");
    case "#v = :before AND (attribute_not_exists(#ttl) OR #ttl > :now)":
      return number(at("#v")) === given(":before") && (!at("#ttl") || number(at("#ttl")) > given(":now"));
    default:
      return refuse(`the fake doesn't know the condition ${input.ConditionExpression}`);
  }
}

function inKeyRange(input: Expressed, items: readonly Item[], inclusive = true): Item[] {
  checkPlaceholders(input, input.KeyConditionExpression!);
  if (input.KeyConditionExpression !== "#pk = :pk AND #sk BETWEEN :from AND :to") {
    return refuse(`the fake doesn't know the key condition ${input.KeyConditionExpression}`);
  }
  if (nameOf(input, "#pk") !== "pk" || nameOf(input, "#sk") !== "sk") refuse("not the keys of the table");
  const [pk, from, to] = [":pk", ":from", ":to"].map((value) => givenValue(input, value).S!) as [
    string,
    string,
    string,
  ];
  if (order(from, to) > 0) refuse("the upper bound of BETWEEN lies below the lower one");
  const within = items.filter((item) => {
    const sk = text(item, "sk");
    return (
      text(item, "pk") === pk &&
      (inclusive ? order(from, sk) <= 0 && order(sk, to) <= 0 : order(from, sk) < 0 && order(sk, to) < 0)
    );
  });
  return within.sort((a, b) => order(text(a, "sk"), text(b, "sk")));
}

/** DynamoDB refuses placeholders that are given and not used; the other way round `nameOf` and `givenValue` refuse. */
function checkPlaceholders(input: Expressed, expression: string): void {
  const given = [
    ...Object.keys(input.ExpressionAttributeNames ?? {}),
    ...Object.keys(input.ExpressionAttributeValues ?? {}),
  ];
  const used = new Set(expression.match(/[#:]\w+/g));
  for (const placeholder of given) if (!used.has(placeholder)) refuse(`${placeholder} isn't used in ${expression}`);
}

function nameOf(input: Expressed, placeholder: string): string {
  return input.ExpressionAttributeNames?.[placeholder] ?? refuse(`${placeholder} isn't given`);
}

function givenValue(input: Expressed, placeholder: string): AttributeValue {
  return input.ExpressionAttributeValues?.[placeholder] ?? refuse(`${placeholder} isn't given`);
}

function onlyKnows(input: object, fields: readonly string[]): void {
  for (const field of Object.keys(input)) if (!fields.includes(field)) refuse(`the fake doesn't know ${field}`);
}

function checkedItem(item: Item): Item {
  checkedKey({ pk: item.pk!, sk: item.sk! });
  for (const [name, value] of Object.entries(item)) {
    if (value.S !== undefined && !value.S.isWellFormed()) refuse(`${name} isn't UTF-8`);
    if (value.N !== undefined && !/^\d{1,38}$/.test(value.N)) refuse(`${name} isn't a number: ${value.N}`);
    if (value.S === undefined && value.N === undefined) refuse(`${name} is of a type that the fake doesn't know`);
  }
  if (sizeOf(item) > 409_600) refuse("Item size has exceeded the maximum allowed size");
  return item;
}

function checkedKey(key: Item): Item {
  if (Object.keys(key).sort().join() !== "pk,sk") refuse("the key doesn't match the schema");
  for (const [name, bytesMax] of [
    ["pk", 2_048],
    ["sk", 1_024],
  ] as const) {
    const bytes = Buffer.byteLength(text(key, name));
    if (bytes === 0 || bytes > bytesMax)
      refuse(`One or more parameter values were invalid: ${name} has ${bytes} bytes`);
  }
  return key;
}

function checkCount(addresses: readonly string[], max: number): void {
  if (addresses.length === 0 || addresses.length > max) refuse(`${addresses.length} items in a batch of 1 to ${max}`);
  if (new Set(addresses).size < addresses.length) refuse("Provided list of item keys contains duplicates");
}

function addressOf(item: Item): string {
  return JSON.stringify([text(item, "pk"), text(item, "sk")]);
}

function text(item: Item, name: string): string {
  return item[name]?.S ?? refuse(`${name} is missing, or no string`);
}

/** As DynamoDB counts: names and values, a number about half a byte per digit and one more. */
function sizeOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, { S, N }]) => {
    return sum + name.length + (S === undefined ? Math.ceil((N?.length ?? 0) / 2) + 1 : Buffer.byteLength(S));
  }, 0);
}

/** DynamoDB sorts strings by their UTF-8 bytes. */
function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What one write (per KB begun of the larger of the two) or one strongly consistent read (per 4 KB begun) of an item costs; at least 1. */
function unitsOf(items: readonly (Item | undefined)[], bytesPerUnit: number): number {
  return Math.max(1, ...items.map((item) => (item ? Math.ceil(sizeOf(item) / bytesPerUnit) : 0)));
}

/** Told where it is asked for; of a batch, by table. */
function told(input: { readonly ReturnConsumedCapacity?: string | undefined }, CapacityUnits: number, byTable = false) {
  if (input.ReturnConsumedCapacity !== "TOTAL") return {};
  return { ConsumedCapacity: byTable ? [{ CapacityUnits }] : { CapacityUnits } };
}

const copy = (item: Item): Item => structuredClone(item);

function refuse(message: string, name = "ValidationException"): never {
  throw new DynamoDBServiceException({ name, message, $fault: "client", $metadata: { httpStatusCode: 400 } });
}
