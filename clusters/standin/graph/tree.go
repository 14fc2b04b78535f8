package graph

import "slices"

// fanout is the most items a tree node holds: with 64 items of 16 to 32 bytes
// a node stays within a few cache lines of binary search.
const fanout = 64

// ordered is an item of a tree: negative, zero or positive like cmp.Compare.
type ordered[T any] interface{ compare(T) int }

// tree is an ordered set: a B+ tree whose nodes are removed only when they are
// empty. Merging half-full nodes would save memory only for stores that shrink
// for good, which this one's users do not. The zero value is an empty tree.
type tree[T ordered[T]] struct {
	root *node[T]
	size int
}

// node is a leaf (kids is nil, items are the set's) or an inner node: items[i]
// is not above anything in kids[i] and above everything in kids[i-1];
// items[0] is never looked at.
type node[T ordered[T]] struct {
	items []T
	kids  []*node[T]
}

// insert adds x and reports whether it was new. An equal item is kept.
func (t *tree[T]) insert(x T) bool {
	if t.root == nil {
		t.root = &node[T]{items: []T{x}}
		t.size = 1
		return true
	}
	added, right := t.root.insert(x)
	if added {
		t.size++
	}
	if right != nil {
		t.root = &node[T]{
			items: []T{t.root.items[0], right.items[0]},
			kids:  []*node[T]{t.root, right},
		}
	}
	return added
}

func (n *node[T]) insert(x T) (added bool, right *node[T]) {
	if n.kids == nil {
		at, found := slices.BinarySearchFunc(n.items, x, T.compare)
		if found {
			return false, nil
		}
		n.items = slices.Insert(n.items, at, x)
		return true, n.split(at)
	}
	at := n.child(x)
	added, right = n.kids[at].insert(x)
	if right == nil {
		return added, nil
	}
	n.items = slices.Insert(n.items, at+1, right.items[0])
	n.kids = slices.Insert(n.kids, at+1, right)
	return added, n.split(at + 1)
}

// split halves a node that is too full. A node that grew at its end is split
// there, so that ascending inserts, the usual ones, leave full nodes behind.
func (n *node[T]) split(grewAt int) *node[T] {
	if len(n.items) <= fanout {
		return nil
	}
	mid := len(n.items) / 2
	if grewAt == len(n.items)-1 {
		mid = grewAt
	}
	right := &node[T]{items: slices.Clone(n.items[mid:])}
	clear(n.items[mid:])
	n.items = n.items[:mid]
	if n.kids != nil {
		right.kids = slices.Clone(n.kids[mid:])
		clear(n.kids[mid:])
		n.kids = n.kids[:mid]
	}
	return right
}

// child is the index of the only kid that may hold x.
func (n *node[T]) child(x T) int {
	at, found := slices.BinarySearchFunc(n.items[1:], x, T.compare)
	if found {
		return at + 1
	}
	return at
}

// remove deletes the item equal to x and reports whether there was one.
func (t *tree[T]) remove(x T) bool {
	if t.root == nil || !t.root.remove(x) {
		return false
	}
	t.size--
	for len(t.root.kids) == 1 {
		t.root = t.root.kids[0]
	}
	if len(t.root.items) == 0 {
		t.root = nil
	}
	return true
}

func (n *node[T]) remove(x T) bool {
	if n.kids == nil {
		at, found := slices.BinarySearchFunc(n.items, x, T.compare)
		if found {
			n.items = slices.Delete(n.items, at, at+1)
		}
		return found
	}
	at := n.child(x)
	if !n.kids[at].remove(x) {
		return false
	}
	if len(n.kids[at].items) == 0 {
		n.items = slices.Delete(n.items, at, at+1)
		n.kids = slices.Delete(n.kids, at, at+1)
	}
	return true
}

// get returns the item equal to x.
func (t *tree[T]) get(x T) (item T, found bool) {
	n := t.root
	if n == nil {
		return item, false
	}
	for n.kids != nil {
		n = n.kids[n.child(x)]
	}
	at, found := slices.BinarySearchFunc(n.items, x, T.compare)
	if found {
		item = n.items[at]
	}
	return item, found
}

// ascend calls yield for every item not below from, in order, until it
// returns false.
func (t *tree[T]) ascend(from T, yield func(T) bool) {
	if t.root != nil {
		t.root.ascend(from, true, yield)
	}
}

// all calls yield for every item, in order, until it returns false.
func (t *tree[T]) all(yield func(T) bool) {
	if t.root != nil {
		var unused T
		t.root.ascend(unused, false, yield)
	}
}

func (n *node[T]) ascend(from T, bounded bool, yield func(T) bool) bool {
	at := 0
	if n.kids == nil {
		if bounded {
			at, _ = slices.BinarySearchFunc(n.items, from, T.compare)
		}
		for _, item := range n.items[at:] {
			if !yield(item) {
				return false
			}
		}
		return true
	}
	if bounded {
		at = n.child(from)
	}
	for i, kid := range n.kids[at:] {
		if !kid.ascend(from, bounded && i == 0, yield) {
			return false
		}
	}
	return true
}
