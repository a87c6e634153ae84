//! Manifests as people write them, trees as they come, and lists of other projects.
//!
//! Each `tests/dataset/cases/NAME.csv` is read, and what comes of it has to be `NAME.txt`. To look at what changed,
//! run with `AVAR_WRITE_CASES=1`, which writes the second from the first, and read the difference.

#![allow(clippy::unwrap_used, reason = "a test says where")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use avar_dataset::xd_violence::{FRAME_RATE_HZ, clip_truth, labels_in_name, parse_annotations, read_annotations};
use avar_dataset::{Clip, DatasetError, Manifest, Shares, ShownIn, SourceKind, folds, import, write_manifest};
use avar_labels::Split;
use avar_labels::{AnomalyClass, class_of_label};

#[test]
fn every_case_reads_as_its_text_says() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/dataset/cases");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&cases)
        .expect("the folder of cases can be read")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
        .collect();
    names.sort();
    assert!(names.len() >= 20, "only {} cases were found", names.len());
    let mut differing = Vec::new();
    for path in names {
        let found = description(&cases, &Manifest::read(&path));
        let expected_at = path.with_extension("txt");
        if std::env::var_os("AVAR_WRITE_CASES").is_some() {
            std::fs::write(&expected_at, &found).expect("a case can be written");
        }
        let expected = std::fs::read_to_string(&expected_at).unwrap_or_default();
        if found != expected {
            differing.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn a_manifest_that_is_written_reads_back_the_same() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("m.csv");
    let text = "path,label,split,group,start_s,end_s,shown_in\n\
                \"a, b.mp4\",crash,val,street,0.1,3.14159,sound\n\"a, b.mp4\",shooting,,,4,5,\n\
                c.wav,Police Siren,train,,,,\nd.mkv,normal,,,,,\nd.mkv,brawling,,,1,2,picture\n";
    std::fs::write(&path, text).expect("the manifest can be written");
    let first = Manifest::read(&path).expect("it reads");
    write_manifest(&path, &first.clips).expect("it is written");
    assert_eq!(Manifest::read(&path).expect("it reads again").clips, first.clips);
}

/// Bytes that no one wrote on purpose: nothing panics, and what is accepted survives writing.
#[test]
fn noise_and_damaged_manifests_are_refused_or_read_and_never_panic() {
    let seeds = [
        "path,label,split,group,start_s,end_s\na.mp4,pain,train,g,1.5,2\na.mp4,riot,,g,3,4\n\"b,1.wav\",Baby Cry,,,,\n",
        "\u{feff}group;path,label,PATH\r\n1,\"x\ny\",normal\r\n/q/../z.mp4,fight,\r\n,,\r\n./q.mp4,crash,h\n",
    ];
    let alphabet = b"\",\n\r;0123456789.-eabpath/ \xff\xef\xbb\xbf\0";
    let mut random = Random(1);
    let (mut accepted, mut refused) = (0, 0);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("m.csv");
    for round in 0..6000 {
        let mut bytes = match round % 3 {
            0 => (0..random.below(200)).map(|_| alphabet[random.below(alphabet.len())]).collect(),
            seed => seeds[seed - 1].as_bytes().to_vec(),
        };
        for _ in 0..random.below(4) {
            damage(&mut bytes, alphabet, &mut random);
        }
        let Ok(manifest) = Manifest::from_bytes(&path, &bytes) else {
            refused += 1;
            continue;
        };
        accepted += 1;
        assert!(!manifest.summary().to_string().is_empty());
        write_manifest(&path, &manifest.clips).expect("what was read can be written");
        let mut again = Manifest::read(&path).expect("what was written can be read").clips;
        let mut clips = manifest.clips;
        for clips in [&mut clips, &mut again] {
            clips.sort_by_key(|clip| clip.file.clone());
        }
        for (clip, again) in clips.iter().zip(&again) {
            assert_eq!(what_is_known(clip), what_is_known(again), "{}", String::from_utf8_lossy(&bytes));
        }
        assert_eq!(clips.len(), again.len());
    }
    assert!(accepted > 500 && refused > 500, "{accepted} accepted, {refused} refused: the noise tests one side only");
}

#[test]
fn damaged_lists_of_ranges_are_refused_or_read_and_never_panic() {
    let list = "v=a__#1_label_B1-B2-0 B1 12 40 B2 50 99\nb_label_G-0-0.mp4 1 2 3 4\n";
    let mut random = Random(2);
    for _ in 0..3000 {
        let mut bytes = list.as_bytes().to_vec();
        for _ in 0..1 + random.below(4) {
            damage(&mut bytes, b" \n0129B-_G.\xff", &mut random);
        }
        let text = String::from_utf8_lossy(&bytes);
        for annotation in parse_annotations(&text).unwrap_or_default() {
            let labels = labels_in_name(&annotation.name).unwrap_or_default();
            let truth = clip_truth(&labels, Some(&annotation), FRAME_RATE_HZ);
            assert!(truth.ranges.iter().all(|labelled| labelled.range.start < labelled.range.end), "{text}");
        }
    }
}

#[test]
fn a_vaar_tree_becomes_a_manifest_beside_it() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let tree = folder.path().join("vaar");
    touch(&tree, &["train/Abuse/1.mp4", "test/Abuse/1.mp4", "train/baby-cry/x.wav", "train/riot/2.mp4", "README.md"]);
    let out = folder.path().join("lists/vaar.csv");
    let manifest = import(SourceKind::Vaar, &tree, &out, |_| None).expect("the tree can be read");
    let text = std::fs::read_to_string(&out).expect("the manifest was written");
    let lines = [
        "path,label,split,group",
        "../vaar/test/Abuse/1.mp4,abuse,test,",
        "../vaar/train/Abuse/1.mp4,abuse,train,",
        "../vaar/train/baby-cry/x.wav,baby_cry,train,",
        "",
    ];
    assert_eq!(text, lines.join("\n"));
    assert_eq!(manifest.unknown_labels, BTreeMap::from([("train/riot".to_owned(), 1)]));
    assert!(manifest.check_files().is_ok());
}

#[test]
fn an_xd_violence_folder_becomes_a_manifest_that_keeps_what_has_no_class() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let files = [
        "videos/Film__#1_label_B1-B2-0.mp4",
        "videos/Film__#2_label_B2-0-0.mp4",
        "videos/v=x__#1_label_A.mp4",
        "train/Film__#3_label_G-B6-0.mp4",
        "videos/unnamed.mp4",
    ];
    touch(folder.path(), &files);
    let list = "Film__#1_label_B1-B2-0.mp4 B2 48 72 B1 0 24\nFilm__#2_label_B2-0-0 B2 0 5\nabsent_label_G-0-0 G 1 2\n";
    std::fs::write(folder.path().join("annotations_multiclasses.txt"), list).expect("the list can be written");
    let out = folder.path().join("xd.csv");
    let manifest = import(SourceKind::XdViolence, folder.path(), &out, published_rate).expect("the folder can be read");
    let lines = [
        "path,label,split,group,start_s,end_s",
        "train/Film__#3_label_G-B6-0.mp4,explosion,train,Film (train),,",
        "videos/Film__#1_label_B1-B2-0.mp4,brawling,test,Film (test),0,1",
        "videos/Film__#1_label_B1-B2-0.mp4,shooting,test,Film (test),2,3",
        "videos/v=x__#1_label_A.mp4,normal,,v=x,,",
        "",
    ];
    assert_eq!(std::fs::read_to_string(&out).expect("the manifest was written"), lines.join("\n"));
    assert_eq!(manifest.unknown_labels, BTreeMap::from([("shooting".to_owned(), 2)]));
    let notes = [
        "1 file without the ending of a recording passed over",
        "1 source in more than one split: XD-Violence's own split is kept, and is not independent",
        "left out, for their names have no `_label_`: `unnamed.mp4`",
        "1 clip left out, for no label of theirs is one of the ten",
        "several classes without ranges, the first was taken: `Film__#3_label_G-B6-0.mp4`",
        "1 range without a class in clips that have one: kept, as neither normal nor a class",
        "1 listed clip not in the folder",
    ];
    assert_eq!(manifest.notes[..notes.len()], notes);
}

#[test]
fn real_clips_are_split_by_source_with_every_class_in_every_part() {
    let Some(data) = avar_testing::data_folder("clips") else { return };
    let path = data.join("../manifest.csv");
    let mut manifest = Manifest::read(&path).expect("the manifest reads");
    assert_eq!((manifest.clips.len(), manifest.check_files()), (519, Ok(())));
    manifest.assign_splits(Shares::default(), 1);
    println!("{}", manifest.summary());
    assert_groups_are_whole(&manifest.clips, |clip, _| clip.split);
    for class in [AnomalyClass::BabyCry, AnomalyClass::Brawling, AnomalyClass::Normal, AnomalyClass::PoliceSiren] {
        let of_class = || manifest.clips.iter().filter(|clip| clip.label == class);
        for (split, share) in Split::ALL.into_iter().zip([0.7, 0.15, 0.15]) {
            let found = of_class().filter(|clip| clip.split == Some(split)).count() as f64 / of_class().count() as f64;
            assert!((found - share).abs() < 0.03, "{class:?} {split:?}: {found}");
        }
    }
    let folds = folds(&manifest.clips, 5, 1).expect("there are five groups");
    assert_groups_are_whole(&manifest.clips, |_, index| folds[index]);
    for class in [AnomalyClass::BabyCry, AnomalyClass::Brawling, AnomalyClass::Normal, AnomalyClass::PoliceSiren] {
        let of =
            |fold| manifest.clips.iter().zip(&folds).filter(|(clip, f)| clip.label == class && **f == fold).count();
        println!("{} by fold: {:?}", class.name(), [0, 1, 2, 3, 4].map(of));
        assert!((0..5).all(|fold| of(fold) > 0), "{class:?}");
    }
}

#[test]
fn the_real_lists_of_xd_violence_read_in_both_forms() {
    let Some(data) = avar_testing::data_folder("annotations") else { return };
    let read = |name: &str| read_annotations(&data.join(name)).unwrap_or_else(|error| panic!("{error}"));
    let (plain, multi) = (read("vadclip/annotations.txt"), read("vadclip/annotations_multiclasses.txt"));
    assert_eq!((plain.len(), multi.len()), (500, 500));
    assert_eq!(read("urdmu/XD_Annotation.txt").len(), 500);
    assert_eq!(read("avadclip/annotations_cctv.txt").len(), 157);
    assert!(plain.iter().all(|annotation| !annotation.name.ends_with(".mp4")));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for annotation in &multi {
        let labels = labels_in_name(&annotation.name).expect("each name has labels");
        let truth = clip_truth(&labels, Some(annotation), FRAME_RATE_HZ);
        for labelled in truth.ranges {
            *counts.entry(labelled.class.name().to_owned()).or_default() += 1;
        }
        for unclassified in truth.unclassified {
            assert_eq!(class_of_label(&unclassified.label), None);
            *counts.entry(unclassified.label).or_default() += 1;
        }
    }
    // Counted in the file by its codes: B6, B1, B2, B4, G, B5.
    let expected =
        [("crash", 494), ("brawling", 245), ("shooting", 214), ("riot", 154), ("explosion", 150), ("abuse", 15)];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn the_test_set_of_xd_violence_becomes_a_manifest() {
    let Some(data) = avar_testing::data_folder("annotations") else { return };
    let table =
        std::fs::read_to_string(data.join("vadclip/xd_CLIP_rgbtest.csv")).expect("the list of the test set reads");
    let names = table.lines().filter_map(|line| line.split_once("__0.npy")?.0.rsplit('/').next());
    let files: Vec<String> = names.map(|name| format!("test/{name}.mp4")).collect();
    assert_eq!(files.len(), 800);
    let folder = tempfile::tempdir().expect("a folder can be made");
    touch(folder.path(), &files.iter().map(String::as_str).collect::<Vec<_>>());
    let list = folder.path().join("annotations_multiclasses.txt");
    std::fs::copy(data.join("vadclip/annotations_multiclasses.txt"), list).expect("the list can be copied");
    let manifest =
        import(SourceKind::XdViolence, folder.path(), &folder.path().join("xd.csv"), published_rate).expect("it reads");
    println!("{}", manifest.summary());
    let of = |class| manifest.clips.iter().filter(|clip| clip.label == class).count();
    assert_eq!(of(AnomalyClass::Normal), 300);
    assert!(manifest.clips.iter().all(|clip| clip.split == Some(Split::Test)));
    // Clips whose names have B2 or B4, counted in the names.
    let unknown = [("riot".to_owned(), 101), ("shooting".to_owned(), 104)];
    assert_eq!(manifest.unknown_labels, unknown.into());
}

/// What a manifest says of a clip, apart from how its path is spelt.
fn what_is_known(clip: &Clip) -> impl PartialEq + std::fmt::Debug {
    (clip.label, clip.ranges.clone(), clip.unclassified.clone(), clip.split)
}

fn assert_groups_are_whole<P: PartialEq + std::fmt::Debug>(clips: &[Clip], part: impl Fn(&Clip, usize) -> P) {
    let mut home: HashMap<&str, P> = HashMap::new();
    for (index, clip) in clips.iter().enumerate() {
        let known = home.entry(&clip.group).or_insert_with(|| part(clip, index));
        assert_eq!(*known, part(clip, index), "{}", clip.group);
    }
}

/// A manifest or an error, as text that is the same on every machine.
fn description(folder: &Path, read: &Result<Manifest, DatasetError>) -> String {
    let mut text = String::new();
    let relative = |text: String| text.replace(&format!("{}/", folder.display()), "");
    match read {
        Err(error) => {
            _ = writeln!(text, "error: {}", relative(error.to_string()));
        }
        Ok(manifest) => {
            for clip in &manifest.clips {
                let split = clip.split.map_or("no split", Split::name);
                let path = clip.path.display();
                _ = writeln!(text, "{path} | {} | {split} | group {}", clip.label.name(), clip.group);
                if clip.shown_in != ShownIn::Both {
                    _ = writeln!(text, "  in the {} alone", clip.shown_in.name());
                }
                let range =
                    |range: avar_base::time::TimeRange| format!("{}-{} s", range.start.seconds(), range.end.seconds());
                for labelled in &clip.ranges {
                    _ = writeln!(text, "  {} {}", labelled.class.name(), range(labelled.range));
                }
                for unclassified in &clip.unclassified {
                    _ = writeln!(text, "  no class: {} {}", unclassified.label, range(unclassified.range));
                }
            }
            for (label, count) in &manifest.unknown_labels {
                _ = writeln!(text, "unknown label: {label} ({count})");
            }
            for note in &manifest.notes {
                _ = writeln!(text, "note: {note}");
            }
        }
    }
    text
}

/// What the videos of XD-Violence have; those of these tests are empty files.
fn published_rate(_: &Path) -> Option<f64> {
    Some(FRAME_RATE_HZ)
}

fn touch(folder: &Path, files: &[&str]) {
    for file in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder can be made");
        std::fs::write(path, "").expect("a file can be made");
    }
}

/// Changes, removes, doubles or cuts somewhere.
fn damage(bytes: &mut Vec<u8>, alphabet: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    match random.below(5) {
        0 => bytes.insert(at, alphabet[random.below(alphabet.len())]),
        1 if at < bytes.len() => bytes[at] = alphabet[random.below(alphabet.len())],
        2 if at < bytes.len() => drop(bytes.remove(at)),
        3 => {
            let copied = bytes[at..].to_vec();
            bytes.extend(copied);
        }
        _ => bytes.truncate(at.max(bytes.len() / 2)),
    }
}

/// SplitMix64 (Steele et al. 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}
