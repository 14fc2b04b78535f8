// Package bundle puts what is known of a failover into one archive: what the
// controllers and databases logged around it, what the controllers say of it, the
// record, and the events of Kubernetes. A README inside says what is what.
//
//	b := bundle.New(file, "what it is about", bundle.Window{From: from, To: to}, time.Now(), secrets...)
//	bundle.FromKubernetes(ctx, b, release)
//	b.AddJSON("status.json", "what the leader says", status)
//	err := b.Close()
//
// What cannot be had, or was cut off because there is too much of it, is noted in the README
// and does not stop the rest: whoever needs a bundle has a cluster that is not well. It never
// reads a Secret into a file, and leaves out of every file the secrets that it is told of.
package bundle
