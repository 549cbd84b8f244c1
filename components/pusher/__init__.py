"""The Pusher: a blessed model into a versioned folder."""
