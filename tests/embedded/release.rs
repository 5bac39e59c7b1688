//! Held until released: signing resumes from prepared state, never from recognition.

use crate::support::World;

#[test]
fn a_held_document_is_signed_later_without_being_read_again() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "2", "--formats", "tiff-g4,jpeg"]);
    let manual = world.write("manual.toml", "[release]\nmode = \"manual\"\n");
    let held = world.run(&["--config", &manual]);
    assert_eq!(held.exit, 0, "{}", held.stderr);
    assert_eq!(held.count("documents", "held"), 2);
    assert!(world.named("out/documents", "record.json").is_empty());
    world.audit();

    let again = world.run(&["--config", &manual]);
    assert_eq!(again.count("documents", "skipped"), 2);

    // A language model that is not there would stop any reading; the engine is only started, so
    // that it must be there: instead, the composed document is what the record is made from.
    let composed = world.named("out/work", "composed.pdf");
    assert_eq!(composed.len(), 2);
    let released = world.run(&[]);
    assert_eq!(released.exit, 0, "{}", released.stderr);
    assert_eq!(released.count("documents", "published"), 2);
    assert!(world.files("out/work").is_empty(), "held state was left behind");
    assert_eq!(world.number("select count(*) as n from documents"), 2);
    assert_eq!(world.number("select count(*) as n from intake where outcome = 'held'"), 0);
    world.audit();
    world.check_layouts();
}
