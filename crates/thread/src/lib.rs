//! Who answers whom: roots, depths and missing parents, over keys.
