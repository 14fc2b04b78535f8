// Logs in with an official JavaScript driver, reads, and says what came of it.
//
//     node log_in.js neo4j-driver-5 bolt://127.0.0.1:7688 ada secret
'use strict'

const [name, url, user, password] = process.argv.slice(2)
const neo4j = require(name)

async function main () {
  const driver = neo4j.driver(url, neo4j.auth.basic(user, password))
  const session = driver.session({ defaultAccessMode: neo4j.session.READ })
  try {
    const { records } = await session.run('MATCH (n:Kept) RETURN count(n) AS n')
    console.log('let in:', records[0].get('n').toNumber())
  } catch (e) {
    console.log('refused:', e.code)
  } finally {
    await session.close()
    await driver.close()
  }
}

main()
