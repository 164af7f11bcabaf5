namespace CityHub.Privacy;

/// <summary>Tables from and to CSV (RFC 4180) in UTF-8. Reading holds the distinct values and a code of 1, 2 or 4 bytes for each cell, and makes no text for a cell.</summary>
public static class CsvTable
{
    /// <exception cref="PrivacyException">The file is empty, not UTF-8, has a ragged row, two columns of one name or a quote that is never closed; or lacks a column asked for.</exception>
    public static Table Read(string path, CsvOptions? options = null, CancellationToken cancel = default)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        return Read(file, options, cancel);
    }

    /// <inheritdoc cref="Read(string, CsvOptions?, CancellationToken)"/>
    /// <param name="stream">From its position to its end; it stays open.</param>
    public static Table Read(Stream stream, CsvOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new CsvOptions();
        var scanner = new CsvScanner(stream, options, cancel);
        var wanted = Wanted(scanner.Names, options.Columns);
        var columns = Array.ConvertAll(wanted, field => new Reader(field, scanner.Names[field], options.NullWords));
        while (scanner.Next())
        {
            foreach (var column in columns)
            {
                if (!column.Add(scanner))
                    throw scanner.NotUtf8(column.Field);
            }
        }

        return new Table(columns.Select(one => one.Build()));
    }

    /// <param name="separator"><c>,</c>, <c>;</c> or a tab.</param>
    /// <param name="stream">It is written to from its position on and stays open.</param>
    public static void Write(Table table, Stream stream, char separator = ',', CancellationToken cancel = default)
    {
        var writer = new CsvWriter(stream, separator);
        writer.Row([.. table.Columns.Select(one => one.Name)]);
        // Each distinct value is encoded and quoted once: a million rows of nine columns are then copies of bytes.
        var values = table.Columns.Select(column => Array.ConvertAll([.. column.Values], writer.Encode)).ToArray();
        for (var row = 0; row < table.Rows; row++)
        {
            if ((row & 0xFFFF) == 0)
                cancel.ThrowIfCancellationRequested();
            for (var i = 0; i < values.Length; i++)
                writer.Encoded(values[i][table.Columns[i].Code(row)]);
            writer.EndRow();
        }

        writer.Flush();
    }

    /// <summary>The file stands under its name only when it is complete and on the disk.</summary>
    /// <inheritdoc cref="Write(Table, Stream, char, CancellationToken)"/>
    public static void Write(Table table, string path, char separator = ',', CancellationToken cancel = default) =>
        WholeFile.Write(path, file => Write(table, file, separator, cancel));

    internal static int[] Wanted(string[] names, IReadOnlyList<string>? columns)
    {
        if (columns is null)
            return [.. Enumerable.Range(0, names.Length)];
        var wanted = new int[columns.Count];
        for (var i = 0; i < wanted.Length; i++)
        {
            wanted[i] = Array.IndexOf(names, columns[i]);
            if (wanted[i] < 0)
                throw new PrivacyRefusal(PrivacyCodes.ColumnUnknown, $"There is no column {columns[i]}.", $"The file has: {string.Join(", ", names)}.") { Column = columns[i] }.ToException();
        }

        return wanted;
    }

    private sealed class Reader(int place, string name, IReadOnlyList<string> nullWords)
    {
        private readonly ByteDictionary known = new();
        private readonly CodeArray codes = new();

        public int Field => place;

        public bool Add(CsvScanner scanner)
        {
            var code = known.Add(scanner.From(place), scanner.Length(place));
            if (code < 0)
                return false;
            codes.Add(code);
            return true;
        }

        public Column Build()
        {
            var values = known.Texts();
            if (!values.Any(value => value.Length > 0 && nullWords.Contains(value)))
                return codes.Build(name, values);
            // Words that mean "none" become the empty text, all of them one value.
            var read = codes.Build(name, values);
            var column = new ColumnBuilder(name);
            for (var row = 0; row < read.Rows; row++)
                column.Append(nullWords.Contains(read[row]) ? "" : read[row]);
            return column.Build();
        }
    }
}
