package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Latest asks for the newest complete backup of one cluster.
const Latest = "latest"

// Find returns a backup by its name, whoever's it is, or for Latest the newest one of a
// cluster; an empty cluster is the only one in the store. skipped are the backups that cannot
// be read, of which one may have been newer.
//
// Where there are backups of several databases, nobody knows which of them is meant, and the
// newest may be that of an empty database which was made by mistake: then it has to be named.
func Find(ctx context.Context, store Store, name, cluster string) (found Manifest, skipped []error, err error) {
	if name != Latest {
		found, err = read(ctx, store, name)
		return found, nil, err
	}
	all, skipped, err := List(ctx, store)
	if err != nil {
		return Manifest{}, skipped, err
	}
	mine := slices.DeleteFunc(slices.Clone(all), func(m Manifest) bool { return cluster != "" && m.Cluster != cluster })
	newest := map[string]string{}
	for _, m := range mine {
		newest[m.Cluster+" "+m.Database] = fmt.Sprintf("%s (database %s of %s)", m.Name, m.Database, m.Cluster)
	}
	switch {
	case len(newest) == 1:
		return mine[len(mine)-1], skipped, nil
	case len(newest) > 1:
		return Manifest{}, skipped, fmt.Errorf("the store has backups of several databases, so name the one that is meant; the newest of each are %s", list(newest))
	case len(all) > 0:
		for _, m := range all {
			newest[m.Cluster] = m.Name + " of " + m.Cluster
		}
		err = fmt.Errorf("there is no complete backup of %s in the store, and those of others have to be named; the newest of each are %s", cluster, list(newest))
	case len(skipped) > 0:
		err = errors.New("no backup in the store can be read")
	default:
		err = errors.New("there is no complete backup in the store")
	}
	return Manifest{}, skipped, errors.Join(append([]error{err}, skipped...)...)
}

// list is a sorted list for a person.
func list(of map[string]string) string {
	var items []string
	for _, item := range of {
		items = append(items, item)
	}
	slices.Sort(items)
	return strings.Join(items, ", ")
}
