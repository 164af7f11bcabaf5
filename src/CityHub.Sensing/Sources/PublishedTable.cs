using CityHub.Core.Problems;

namespace CityHub.Sensing.Sources;

/// <summary>A table as a publication of PostgreSQL gives its changes.</summary>
/// <param name="Oid">Of the relation: a table that was made anew under the same name is another one.</param>
/// <param name="Columns">Those that are wanted, in the order in which they are.</param>
/// <param name="Types">Of these columns; of a domain, that below it.</param>
/// <param name="Identity">The columns by which a row is known: of the primary key, or of the index that is the replica identity.</param>
/// <param name="Filter">Rows that the publication gives, as a condition in SQL; null: all.</param>
internal sealed record PublishedTable(uint Oid, IReadOnlyList<string> Columns, IReadOnlyList<uint> Types, IReadOnlyList<string> Identity, string? Filter)
{
    private const string Table = """
        SELECT c.oid::text, c.relreplident::text, (p.pubname IS NOT NULL)::text, (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate)::text, (t.pubname IS NOT NULL)::text,
               to_jsonb(t) ->> 'rowfilter', to_jsonb(t) ->> 'attnames', current_setting('wal_level')
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_publication p ON p.pubname = $2
          LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname AND t.schemaname = n.nspname AND t.tablename = c.relname
         WHERE c.oid = to_regclass($1)
        """;

    private const string ColumnsOf = """
        SELECT a.attname::text, (CASE y.typtype WHEN 'd' THEN y.typbasetype ELSE y.oid END)::text,
               EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey) AND CASE $3 WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END)::text
          FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
         WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND COALESCE(to_jsonb(a.attname::text) <@ NULLIF($2, '')::jsonb, true)
         ORDER BY a.attnum
        """;

    /// <param name="key">Of the dataset: the name of its key column.</param>
    /// <returns>Refused where the changes would not say everything: each with what the administrator of the database can do.</returns>
    /// <exception cref="SourceException">The server says no, or nothing.</exception>
    public static async ValueTask<Result<PublishedTable>> ReadAsync(PostgresLink link, SourceDeclaration source, string key, CancellationToken cancel)
    {
        var (name, publication) = (source.Table ?? "", source.Publication ?? "");
        var found = await link.ReadAsync(Table, cancel, PostgresLink.QuoteTable(name), publication);
        if (found is not [[{ } oid, { } identity, var published, var whole, var listed, var filter, var columns, var level]])
            return PostgresRows.NoTable(source);
        if (level != "logical")
            return No($"The server's wal_level is {level}.", "Set wal_level = logical and start the server anew, or read the table by a watermark.");
        if (published != "true" || listed != "true")
            return No(published != "true" ? $"There is no publication {publication}." : $"The publication {publication} does not have {name}.", $"CREATE PUBLICATION {publication} FOR TABLE {name}; of a partitioned table WITH (publish_via_partition_root).");
        if (whole != "true")
            return No($"The publication {publication} leaves out some kind of change.", "ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate')");
        var known = await link.ReadAsync(ColumnsOf, cancel, oid, columns ?? "", identity);
        if (known.Count == 0)
            return No($"The publication {publication} gives no column of {name}.", "ALTER PUBLICATION … SET TABLE");
        if (!PostgresRows.Wanted(source, [.. known.Select(k => k[0] ?? "")], $"What {publication} gives of {name}").TryGet(out var wanted, out var problem))
            return problem;
        var types = known.ToDictionary(k => k[0] ?? "", k => uint.Parse(k[1] ?? "", System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);
        List<string> keys = [.. known.Where(k => k[2] == "true").Select(k => k[0] ?? "")];
        if (keys.Count == 0 || identity == "n")
            return No($"Rows of {name} cannot be told apart: there is no primary key that the publication gives, or the replica identity is NOTHING.", "ALTER TABLE … ADD PRIMARY KEY, and REPLICA IDENTITY DEFAULT or FULL");
        // What goes is said by the old key alone: it has to be the dataset's.
        if (identity != "f" && (source.Mapping is not null || keys is not [var only] || only != key))
            return No($"A change of {name} says the old {string.Join(", ", keys)} and not which row of the dataset it was, whose key is {key}{(source.Mapping is null ? "" : " and is made by a mapping")}.", $"ALTER TABLE {name} REPLICA IDENTITY FULL");
        return new PublishedTable(uint.Parse(oid, System.Globalization.CultureInfo.InvariantCulture), wanted, [.. wanted.Select(w => types[w])], keys, filter);

        static Problem No(string why, string way) => SourceProblems.NotReplicated.Because(why, way);
    }
}
