// Movies that Redis OM keeps in Redis, and that regear keeps in MongoDB.
import { readFile } from 'node:fs/promises'
import { createClient } from 'redis'
import { EntityId, Repository, Schema } from 'redis-om'

const recipe =
  process.env.RECIPE ??
  new URL('../../recipes/mongo_json_write_behind.py', import.meta.url)

const schema = new Schema('MovieEntity', {
  title: { type: 'string' },
  released: { type: 'number' },
  seen: { type: 'boolean' },
  genres: { type: 'string[]' },
  premiere: { type: 'date' },
})

const usage = `usage: node movies.js load
       node movies.js add JSON | update ID JSON | remove ID | show ID`

// Has the host of this Redis run the recipe, with the drivers that it needs.
async function load(redis) {
  if (process.env.MONGO_URL) {
    await redis.sendCommand(['RG.CONFIGSET', 'MongoUrl', process.env.MONGO_URL])
  }
  const code = await readFile(recipe, 'utf8')
  const requirements = ['REQUIREMENTS', 'rgsync', 'pymongo==3.12.0']
  return redis.sendCommand(['RG.PYEXECUTE', code, ...requirements])
}

async function run(redis, [verb, ...rest]) {
  const movies = new Repository(schema, redis)
  switch (verb) {
    case 'load':
      return load(redis)
    case 'add':
      return (await movies.save(JSON.parse(rest[0])))[EntityId]
    case 'update': {
      const entity = await movies.fetch(rest[0])
      await movies.save({ ...entity, ...JSON.parse(rest[1]) })
      return rest[0]
    }
    case 'remove':
      await movies.remove(rest[0])
      return rest[0]
    case 'show':
      return JSON.stringify(await movies.fetch(rest[0]))
    default:
      throw new Error(usage)
  }
}

const redis = createClient({ url: process.env.REDIS_URL })
redis.on('error', () => {}) // a lost connection is made anew
try {
  await redis.connect()
  console.log(await run(redis, process.argv.slice(2)))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  if (redis.isOpen) await redis.disconnect()
}
