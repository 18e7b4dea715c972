from crossover.report.svg import element, marker, slot


def test_text_and_attribute_values_are_escaped():
    assert element("g", '<a href="x">', class_='"><b>', x=1.25, text_anchor="end") == (
        '<g class="&#34;&gt;&lt;b&gt;" x="1.2" text-anchor="end">&lt;a href=&#34;x&#34;&gt;</g>'
    )


def test_engines_differ_in_shape_and_in_colour():
    engines = ("postgres", "spark", "duckdb", "datafusion")
    assert len({marker(engine, 10.0, 10.0) for engine in engines}) == 4
    assert len({slot(engine) for engine in (*engines, "unknown")}) == 5
