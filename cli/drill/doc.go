// Package drill is the clients of a drill: they ask both gateways all the time, as
// drivers with one session and drivers that have just started, and keep what they saw.
//
//	crew := drill.Start(ctx, []drill.Gateway{{Name: "the write gateway", Dial: dial, Writes: true}, {Name: "the read gateway", Dial: dial}})
//	if err := crew.Served(ctx, 2*time.Second); err != nil {
//		return err // before anything was broken
//	}
//	broken := time.Now()
//	...
//	for _, seen := range crew.Stop(ctx, broken) {
//		fmt.Println(seen.Name, seen.Gap)
//	}
//
// They ask RETURN 1, which costs a database next to nothing. With Writes the session
// of that gateway sets a property of one node with the label [Label] instead, found by
// its id, which needs no index, and removes the node at the end. What breaks the
// cluster is the matter of the caller.
package drill
