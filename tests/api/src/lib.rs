//! The public API of `codegrant`, item by item, as `public.txt` has it.
