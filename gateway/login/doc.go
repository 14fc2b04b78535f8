// Package login lets a Bolt session begin at a replica only after the main has accepted
// the same login. Memgraph Community forgets a replica's users when it is registered,
// and the replica takes any credentials from then on (memgraph-observed 4).
//
//	checker := login.New(login.Config{Main: writeGateway.Authority})
//	read := gateway.New(gateway.Config{Name: "ro", Open: checker.Open, ...})
//
// # What happens
//
// The client and its replica shake hands, and where the version of Bolt has a HELLO
// without credentials (5.1 and later) the replica answers that too. The message with the
// credentials is held back: it goes to the main first, over a connection of its own,
// behind the same opening. SUCCESS there: the replica gets it, the gateway's pumps take
// over, and nothing is parsed any more. FAILURE: the client gets the main's own words
// and is closed, and the replica never hears of the login.
//
// Before the main's answer a replica hears nothing but the handshake and HELLO, so that
// answers need not be invented while there is no main. Afterwards a client may say
// LOGOFF and LOGON again; the replica then takes any credentials, which gives the session
// nothing that it did not have.
//
// # Without a main
//
// Config.Main names the main while clients may write to it, and no other time. An
// instance that is no main any more, or not quite yet, has no users and would accept
// everybody. A login waits for a main, at most Config.Patience, and is answered with a
// failure that drivers retry.
//
// Logins that the main accepted within Config.Remember pass without one: reads go on
// through a failover, and as long as nobody can be made main. A password that was changed
// is accepted for that long, but only while no main answers in time; the main's refusal
// takes a login out at once. While there is a main, it is not asked again about a login
// that it accepted within Config.Fresh, since it takes long to compare a password. What is
// kept is a keyed hash of the message.
//
// # Limits
//
// TLS hides the login, so a client that begins with it is refused. So is everything that
// is not Bolt, WebSockets included. Manifests (Bolt 5.7) are struck out of the client's
// proposals, for servers that would answer with one; the others stay. An opening is
// bounded in bytes and in time, and questions to the main in number.
package login
