package figures

import (
	"cmp"
	"slices"
)

// Effort is what the pairs of one number of replicas and load took, and how the machine
// was in those that count.
type Effort struct {
	Replicas    int
	Load        Load
	Pairs, Void int
	Idle        float64 // the least of all windows
	Main        float64 // median share of its limit that the main used through the write gateway
}

// Efforts are those of all numbers and loads, in their order.
func Efforts(pairs []Pair) (list []Effort) {
	type key struct {
		replicas int
		load     Load
	}
	of := map[key][]Pair{}
	for _, p := range pairs {
		k := key{p.Replicas, p.Load}
		of[k] = append(of[k], p)
	}
	for k, pairs := range of {
		list = append(list, effortOf(k.replicas, k.load, pairs))
	}
	slices.SortFunc(list, func(a, b Effort) int {
		return cmp.Or(cmp.Compare(a.Replicas, b.Replicas), cmp.Compare(b.Load, a.Load))
	})
	return list
}

func effortOf(replicas int, load Load, pairs []Pair) Effort {
	counting := Counting(pairs)
	e := Effort{Replicas: replicas, Load: load, Pairs: len(counting), Void: len(pairs) - len(counting), Idle: 1}
	for _, p := range counting {
		e.Idle = min(e.Idle, p.Write.Idle, p.Read.Idle)
	}
	if len(counting) > 0 {
		e.Main = median(counting, func(p Pair) float64 { return p.Write.Used[p.Main] / p.Limit })
	}
	return e
}
