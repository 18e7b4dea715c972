from crossover.report.draw.elements import element, marker, slot, spaced


def test_text_and_attribute_values_are_escaped():
    assert element("g", '<a href="x">', class_='"><b>', x=1.25, text_anchor="end") == (
        '<g class="&#34;&gt;&lt;b&gt;" x="1.2" text-anchor="end">&lt;a href=&#34;x&#34;&gt;</g>'
    )


def test_engines_differ_in_shape_and_in_colour():
    engines = ("postgres", "spark", "duckdb", "datafusion")
    assert len({marker(engine, 10.0, 10.0) for engine in engines}) == 4
    assert len({slot(engine) for engine in (*engines, "unknown")}) == 5


def test_labels_that_would_overlap_are_pushed_apart_and_stay_inside():
    assert spaced([10, 11, 12], 5, 0, 100) == [10, 15, 20]
    assert spaced([98, 99, 100], 5, 0, 100) == [90, 95, 100]
