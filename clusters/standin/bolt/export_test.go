package bolt

// OfferOnly makes a server offer a single version, so that drivers, which
// prefer the newest, can be tested with the others.
func (s *Server) OfferOnly(major, minor byte) { s.offer = []version{{major, minor}} }
