//! HDBSCAN as it is defined, from the full matrix of distances, with recursion from the root; Euclidean.

use populi_geometry::{ClusterSelection, HdbscanParams, Matrix, NOISE, SpanningEdge};

pub struct Naive {
    pub edges: Vec<SpanningEdge>,
    pub labels: Vec<i32>,
    pub strengths: Vec<f64>,
    /// Of all clusters of the condensed tree, rising.
    pub stabilities: Vec<f64>,
}

/// A node of the condensed tree: rows fall out of it, then it may split.
struct Node {
    birth: f64,
    death: f64,
    rows: Vec<(usize, f64)>,
    children: Vec<Node>,
}

pub fn hdbscan(points: &Matrix, params: &HdbscanParams) -> Naive {
    let n = points.n_rows();
    let mut edges = kruskal(&reachable(points, params.min_samples.unwrap_or(params.min_cluster_size)));
    edges.sort_by(|x, y| x.distance.total_cmp(&y.distance).then((x.a, x.b).cmp(&(y.a, y.b))));
    let highest = edges.iter().find(|edge| edge.distance > 0.0).map_or(1.0, |edge| 2.0 / edge.distance);
    let mut root = Node { birth: 0.0, death: 0.0, rows: Vec::new(), children: Vec::new() };
    let all: Vec<usize> = (0..n).collect();
    grow(&mut root, all, &edges, highest, params.min_cluster_size);
    let mut stabilities = Vec::new();
    every(&root, &mut |node| stabilities.push(stability(node)));
    stabilities.sort_by(f64::total_cmp);
    let mut chosen = if n < params.min_cluster_size { Vec::new() } else { select(&root, params) };
    // The rows of each chosen cluster, and how strong they are.
    let mut clusters: Vec<Vec<(usize, f64)>> = Vec::new();
    for node in chosen.drain(..) {
        let is_root = node.birth == 0.0;
        if is_root && !params.allow_single_cluster {
            continue;
        }
        let mut rows = all_rows(node);
        if is_root {
            let from = if params.epsilon > 0.0 { 1.0 / params.epsilon } else { node.death };
            rows.retain(|&(_, lambda)| lambda >= from);
        }
        let strength = |lambda: f64| if node.death > 0.0 { lambda.min(node.death) / node.death } else { 1.0 };
        clusters.push(rows.iter().map(|&(row, lambda)| (row, strength(lambda))).collect());
    }
    clusters.sort_by_key(|rows| (std::cmp::Reverse(rows.len()), rows.iter().map(|row| row.0).min()));
    let (mut labels, mut strengths) = (vec![NOISE; n], vec![0.0; n]);
    for (label, rows) in clusters.iter().enumerate() {
        for &(row, strength) in rows {
            (labels[row], strengths[row]) = (label as i32, strength);
        }
    }
    Naive { edges, labels, strengths, stabilities }
}

/// Lets noise join along the edges, the shortest first: parts of a forest that grows, each with its rows.
pub fn join_noise(edges: &[SpanningEdge], labels: &[i32], n_allowed: usize) -> Vec<i32> {
    let mut labels = labels.to_vec();
    let mut parts: Vec<Vec<usize>> = (0..labels.len()).map(|row| vec![row]).collect();
    for edge in edges {
        if labels.iter().filter(|&&label| label == NOISE).count() <= n_allowed {
            break;
        }
        let ends = [edge.a as usize, edge.b as usize];
        let [a, b] = ends.map(|row| parts.iter().position(|part| part.contains(&row)).unwrap());
        for (part, other_end) in [(a, ends[1]), (b, ends[0])] {
            let label = labels[other_end];
            if parts[part].iter().all(|&row| labels[row] == NOISE) {
                parts[part].iter().for_each(|&row| labels[row] = label);
            }
        }
        let joined = parts[b].clone();
        parts[a].extend(joined);
        parts.swap_remove(b);
    }
    labels
}

/// Mutual reachability distances of all pairs.
fn reachable(points: &Matrix, min_samples: usize) -> Vec<Vec<f64>> {
    let n = points.n_rows();
    let between = |a: usize, b: usize| {
        let squares =
            points.row(a).iter().zip(points.row(b)).map(|(x, y)| (f64::from(*x) - f64::from(*y)).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let core = |row: usize| {
        let mut others: Vec<f64> =
            (0..n).filter(|&other| other != row).map(|other| between(row, other)).collect();
        others.sort_by(f64::total_cmp);
        others.get(min_samples.min(others.len()).max(1) - 1).copied().unwrap_or(0.0)
    };
    let cores: Vec<f64> = (0..n).map(core).collect();
    (0..n).map(|a| (0..n).map(|b| between(a, b).max(cores[a]).max(cores[b])).collect()).collect()
}

fn kruskal(distances: &[Vec<f64>]) -> Vec<SpanningEdge> {
    let n = distances.len();
    let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
    let mut all: Vec<SpanningEdge> =
        pairs.map(|(a, b)| SpanningEdge { a: a as u32, b: b as u32, distance: distances[a][b] }).collect();
    all.sort_by(|x, y| x.distance.total_cmp(&y.distance).then((x.a, x.b).cmp(&(y.a, y.b))));
    let mut group: Vec<usize> = (0..n).collect();
    all.retain(|edge| {
        let (a, b) = (group[edge.a as usize], group[edge.b as usize]);
        group.iter_mut().filter(|group| **group == b).for_each(|group| *group = a);
        a != b
    });
    all
}

/// Takes the longest edges away one by one; `rows` are what is left of the node.
fn grow(node: &mut Node, rows: Vec<usize>, edges: &[SpanningEdge], highest: f64, min_cluster_size: usize) {
    let inside =
        |edge: &&SpanningEdge| rows.contains(&(edge.a as usize)) && rows.contains(&(edge.b as usize));
    let edges: Vec<SpanningEdge> = edges.iter().filter(inside).copied().collect();
    let Some((longest, rest)) = edges.split_last() else {
        // A single row, in a tree without edges.
        node.rows.extend(rows.iter().map(|&row| (row, 0.0)));
        return;
    };
    let lambda = if longest.distance > 0.0 { 1.0 / longest.distance } else { highest };
    node.death = lambda;
    let mut left = vec![longest.a as usize];
    while let Some(edge) =
        rest.iter().find(|e| left.contains(&(e.a as usize)) != left.contains(&(e.b as usize)))
    {
        left.extend(
            [edge.a as usize, edge.b as usize].iter().filter(|row| !left.contains(row)).collect::<Vec<_>>(),
        );
    }
    let right: Vec<usize> = rows.iter().copied().filter(|row| !left.contains(row)).collect();
    let mut fall_out = |rows: &[usize]| node.rows.extend(rows.iter().map(|&row| (row, lambda)));
    if longest.distance == 0.0 {
        fall_out(&rows);
        return;
    }
    match (left.len() >= min_cluster_size, right.len() >= min_cluster_size) {
        (true, true) => {
            for rows in [left, right] {
                let mut child = Node { birth: lambda, death: 0.0, rows: Vec::new(), children: Vec::new() };
                grow(&mut child, rows, &edges, highest, min_cluster_size);
                node.children.push(child);
            }
        }
        (true, false) => {
            fall_out(&right);
            grow(node, left, &edges, highest, min_cluster_size);
        }
        (false, true) => {
            fall_out(&left);
            grow(node, right, &edges, highest, min_cluster_size);
        }
        (false, false) => fall_out(&rows),
    }
}

fn every<'a>(node: &'a Node, look: &mut impl FnMut(&'a Node)) {
    look(node);
    node.children.iter().for_each(|child| every(child, look));
}

fn all_rows(node: &Node) -> Vec<(usize, f64)> {
    let mut rows = Vec::new();
    every(node, &mut |node| rows.extend_from_slice(&node.rows));
    rows
}

fn stability(node: &Node) -> f64 {
    let mut rows = node.rows.clone();
    rows.sort_by_key(|row| row.0);
    let own = rows.iter().fold(0.0, |sum, row| sum + (row.1 - node.birth));
    own + node
        .children
        .iter()
        .map(|child| (child.birth - node.birth) * all_rows(child).len() as f64)
        .sum::<f64>()
}

fn select<'a>(root: &'a Node, params: &HdbscanParams) -> Vec<&'a Node> {
    let mut chosen = Vec::new();
    match params.selection {
        ClusterSelection::Eom if params.allow_single_cluster => chosen = most_stable(root).1,
        ClusterSelection::Eom => root.children.iter().for_each(|child| chosen.extend(most_stable(child).1)),
        ClusterSelection::Leaf | ClusterSelection::LeastNoise => every(root, &mut |node| {
            if node.children.is_empty() {
                chosen.push(node);
            }
        }),
    }
    let only_root = chosen.len() == 1 && chosen[0].birth == 0.0;
    if params.epsilon > 0.0 && !only_root {
        let mut merged: Vec<&Node> = Vec::new();
        for node in chosen {
            let at = first_wide_enough(root, node, params);
            if !merged.iter().any(|&other| std::ptr::eq(other, at)) {
                merged.push(at);
            }
        }
        let inside_another =
            |node: &Node| merged.iter().any(|&other| !std::ptr::eq(other, node) && is_inside(node, other));
        return merged.iter().copied().filter(|&node| !inside_another(node)).collect();
    }
    chosen
}

/// The stability that can be had inside a node, and from which clusters.
fn most_stable(node: &Node) -> (f64, Vec<&Node>) {
    let below: Vec<_> = node.children.iter().map(most_stable).collect();
    let sum: f64 = below.iter().map(|found| found.0).sum();
    if sum > stability(node) {
        (sum, below.into_iter().flat_map(|found| found.1).collect())
    } else {
        (stability(node), vec![node])
    }
}

fn is_inside(node: &Node, other: &Node) -> bool {
    let mut found = false;
    every(other, &mut |below| found |= std::ptr::eq(below, node));
    found
}

/// The nearest ancestor, or the node itself, that split off at a distance of `epsilon` or more.
fn first_wide_enough<'a>(root: &'a Node, node: &'a Node, params: &HdbscanParams) -> &'a Node {
    let mut path = Vec::new();
    every(root, &mut |above| {
        if is_inside(node, above) {
            path.push(above);
        }
    });
    // From the root down to the node itself.
    let from = if params.allow_single_cluster { 0 } else { 1.min(path.len() - 1) };
    let wide = |above: &&&Node| above.birth == 0.0 || 1.0 / above.birth >= params.epsilon;
    path[from..].iter().rfind(wide).copied().unwrap_or(path[from])
}
