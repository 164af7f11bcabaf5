using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Sources;

/// <summary>A table as a publication of PostgreSQL gives its changes.</summary>
/// <param name="Oid">Of the relation.</param>
/// <param name="Mark">Of everything that can change what the table gives without a message of it: columns, storage, partitions, publication, replica identity, labels, the server's timeline. Another mark is another table.</param>
/// <param name="Columns">Those that are wanted, in the order in which they are.</param>
/// <param name="Types">Of these columns; of a domain, that below it.</param>
/// <param name="Identity">The columns by which a row is known: of the primary key, or of the index that is the replica identity.</param>
/// <param name="Replica">The replica identity: d (primary key), i (index), f (full).</param>
/// <param name="Partitioned">The rows lie in its partitions.</param>
/// <param name="Filter">Rows that the publication gives, as a condition in SQL; null: all.</param>
internal sealed record PublishedTable(
    uint Oid, string Mark, IReadOnlyList<string> Columns, IReadOnlyList<uint> Types, IReadOnlyList<string> Identity, char Replica, bool Partitioned, string? Filter)
{
    private const uint Boolean = 16, Inet = 869, Character = 1042;

    private const string Table = """
        SELECT c.oid::text, c.relreplident::text, (p.pubname IS NOT NULL)::text, (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate)::text, (t.pubname IS NOT NULL)::text,
               to_jsonb(t) ->> 'rowfilter', to_jsonb(t) ->> 'attnames', current_setting('wal_level'), (c.relkind = 'p')::text,
               concat_ws('|', c.relreplident, p.oid, p.xmin, to_jsonb(t) ->> 'rowfilter', to_jsonb(t) ->> 'attnames', left(pg_walfile_name(pg_current_wal_flush_lsn()), 8),
                 (SELECT string_agg(concat_ws(',', r.oid, pg_relation_filenode(r.oid)), ';' ORDER BY r.oid) FROM pg_class r WHERE r.oid = c.oid OR r.oid IN (SELECT relid FROM pg_partition_tree(c.oid))),
                 (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.xmin), ';' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
                 (SELECT string_agg(concat_ws(',', r.oid, r.xmin), ';' ORDER BY r.oid) FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = c.oid),
                 (SELECT string_agg(concat_ws(',', e.oid, e.xmin), ';' ORDER BY e.oid) FROM pg_enum e WHERE e.enumtypid IN (SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)))
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_publication p ON p.pubname = $2
          LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname AND t.schemaname = n.nspname AND t.tablename = c.relname
         WHERE c.oid = to_regclass($1)
        """;

    private const string ColumnsOf = """
        SELECT a.attname::text,
               (WITH RECURSIVE base (oid, below) AS (SELECT y.oid, y.typbasetype FROM pg_type y WHERE y.oid = a.atttypid UNION ALL SELECT y.oid, y.typbasetype FROM base JOIN pg_type y ON y.oid = base.below)
                SELECT oid FROM base WHERE below = 0)::text,
               EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) AND CASE $3 WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END)::text,
               (a.attgenerated = '' AND COALESCE(to_jsonb(a.attname::text) <@ NULLIF($2, '')::jsonb, true))::text,
               EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)::text
          FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """;

    /// <param name="key">Of the dataset: the name of its key column.</param>
    /// <returns>Refused where the changes would not say everything: each with what the administrator of the database can do.</returns>
    /// <exception cref="SourceException">The server says no, or nothing.</exception>
    public static async ValueTask<Result<PublishedTable>> ReadAsync(PostgresLink link, SourceDeclaration source, string key, CancellationToken cancel)
    {
        var (name, publication) = (source.Table ?? "", source.Publication ?? "");
        var found = await link.ReadAsync(Table, cancel, PostgresLink.QuoteTable(name), publication);
        if (found is not [[{ } oid, { Length: 1 } replica, var published, var whole, var listed, var filter, var columns, var level, var partitioned, var said]])
            return PostgresRows.NoTable(source);
        if (level != "logical")
            return No($"The server's wal_level is {level}.", "Set wal_level = logical and start the server anew, or read the table by a watermark.");
        if (published != "true" || listed != "true")
            return No(published != "true" ? $"There is no publication {publication}." : $"The publication {publication} does not have {name}.", $"CREATE PUBLICATION {publication} FOR TABLE {name}; of a partitioned table WITH (publish_via_partition_root).");
        if (whole != "true")
            return No($"The publication {publication} leaves out some kind of change.", "ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate')");
        var all = (await link.ReadAsync(ColumnsOf, cancel, oid, columns ?? "", replica)).ConvertAll(c => new Column(c[0] ?? "", uint.Parse(c[1] ?? "", CultureInfo.InvariantCulture), c[2] == "true", c[3] == "true", c[4] == "true"));
        var known = all.FindAll(c => c.Published);
        if (known.Count == 0)
            return No($"The publication {publication} gives no column of {name}.", "ALTER PUBLICATION … SET TABLE");
        if (!PostgresRows.Wanted(source, known.ConvertAll(c => c.Name), $"What {publication} gives of {name}").TryGet(out var wanted, out var problem))
            return problem;
        var keys = all.FindAll(c => c.Identity);
        if (keys.Count == 0 || !keys.TrueForAll(c => c.Published) || replica == "n")
            return No($"Rows of {name} cannot be told apart: there is no primary key that the publication gives, or the replica identity is NOTHING.", "ALTER TABLE … ADD PRIMARY KEY, and REPLICA IDENTITY DEFAULT or FULL");
        // What goes is said by the old key alone: it has to be the dataset's.
        var same = source.Mapping is null && keys is [var only] && only.Name == key;
        if (replica != "f" && !same)
            return No($"A change of {name} says the old {string.Join(", ", keys.Select(c => c.Name))} and not which row of the dataset it was, whose key is {key}{(source.Mapping is null ? "" : " and is made by a mapping")}.", $"ALTER TABLE {name} REPLICA IDENTITY FULL");
        if (!same && source.Mapping is null && !known.Exists(c => c.Name == key && c.Unique))
            return No($"Two rows of {name} can have the same {key}, which is the key of the dataset.", $"CREATE UNIQUE INDEX ON {name} ({key})");
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{oid}\n{said}\n{string.Join('\n', keys.Select(c => c.Name))}\n\n{string.Join('\n', wanted)}")).AsSpan(0, 12));
        return new PublishedTable(
            uint.Parse(oid, CultureInfo.InvariantCulture), mark, wanted, [.. wanted.Select(w => known.Find(c => c.Name == w)?.Type ?? 0)], keys.ConvertAll(c => c.Name), replica[0], partitioned == "true", filter);

        static Problem No(string why, string way) => SourceProblems.NotReplicated.Because(why, way);
    }

    /// <summary>The server sends, and gives of the whole table, what a type's output function makes; three of them become what a cast to text gives, as of a watermark's rows.</summary>
    public string? AsCast(int column, string? text) => text is null ? null : Types[column] switch
    {
        Boolean => text == "t" ? "true" : "false",
        Character => text.TrimEnd(' '),
        Inet when !text.Contains('/', StringComparison.Ordinal) => text + (text.Contains(':', StringComparison.Ordinal) ? "/128" : "/32"),
        _ => text,
    };

    private sealed record Column(string Name, uint Type, bool Identity, bool Published, bool Unique);
}
