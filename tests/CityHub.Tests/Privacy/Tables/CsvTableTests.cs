using System.Text;
using CityHub.Bench.Privacy;
using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class CsvTableTests
{
    private static CancellationToken Running => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("a;b\r\n1;2\r\n3;4", ';')]
    [InlineData("a,b\n1,2\n3,4\n", ',')]
    [InlineData("a\tb\n1\t2\n3\t4\n\n\n", '\t')]
    [InlineData("\uFEFFa;b\n\"1\";2\n3;\"4\"\r\n", ';')]
    public void A_table_is_read_whatever_its_separator_and_line_ends(string text, char separator)
    {
        var table = Read(text);
        Assert.Equal(["a", "b"], table.Columns.Select(one => one.Name));
        Assert.Equal(["1", "3"], Values(table["a"]));
        Assert.Equal(["2", "4"], Values(table["b"]));
        using var rows = new CsvRows(Bytes(text));
        Assert.Equal(separator, rows.Separator);
    }

    [Fact]
    public void A_field_in_quotes_may_hold_separators_line_breaks_and_quotes()
    {
        var table = Read("a,b\n\"x,\"\"y\"\"\nz\",2\n\"\",\"\"\"\"\n");
        Assert.Equal(["x,\"y\"\nz", ""], Values(table["a"]));
        Assert.Equal(["2", "\""], Values(table["b"]));
    }

    [Theory]
    [InlineData("", 1, null)]
    [InlineData("\n1\n", 1, null)]
    [InlineData("a,a\n1,2\n", 1, "a")]
    [InlineData("a,\n1,2\n", 1, null)]
    [InlineData("a,b\n1,2\n3\n", 3, "b")]
    [InlineData("a,b\n1,2\n3,4,5\n", 3, null)]
    [InlineData("a,b\n1,2\n\n3,4\n", 3, null)]
    [InlineData("a,b\n1,\"2\n3,4\n", 2, "b")]
    [InlineData("a,b\n1,\"2\"x\n", 2, "b")]
    public void A_table_that_cannot_be_read_is_refused_with_its_row(string text, int row, string? column)
    {
        var refused = Assert.Throws<PrivacyException>(() => Read(text)).Refusal;
        Assert.Equal(PrivacyCodes.TableUnreadable, refused.Code);
        Assert.Equal(row, refused.Row);
        Assert.Equal(column, refused.Column);
        Assert.NotNull(refused.Hint);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_with_their_row_and_column()
    {
        byte[] gbk = [.. "姓名,b\n1,2\n3,"u8, 0xD5, 0xC5, (byte)'\n'];
        var refused = Assert.Throws<PrivacyException>(() => CsvTable.Read(new MemoryStream(gbk), cancel: Running)).Refusal;
        Assert.Equal((PrivacyCodes.TableUnreadable, 3L, "b"), (refused.Code, refused.Row, refused.Column));
        using var rows = new CsvRows(new MemoryStream(gbk));
        Assert.True(rows.Next() && rows.Next());
        Assert.Throws<PrivacyException>(() => rows[1]);
        Assert.Throws<PrivacyException>(() => CsvTable.Read(new MemoryStream(Encoding.Unicode.GetPreamble()), cancel: Running));
    }

    [Fact]
    public void Null_words_are_the_empty_text_and_only_columns_asked_for_are_read()
    {
        var table = CsvTable.Read(Bytes("a,b,c\nNULL,1,x\n,2,NA\ny,3,NA\n"), new CsvOptions { NullWords = ["NULL", "NA"], Columns = ["c", "a"] }, Running);
        Assert.Equal(["c", "a"], table.Columns.Select(one => one.Name));
        Assert.Equal(["", "", "y"], Values(table["a"]));
        Assert.Equal(["x", "", ""], Values(table["c"]));
        Assert.Equal(2, table["a"].Distinct);
        var refused = Assert.Throws<PrivacyException>(() => CsvTable.Read(Bytes("a\n1\n"), new CsvOptions { Columns = ["d"] }, Running)).Refusal;
        Assert.Equal((PrivacyCodes.ColumnUnknown, "d"), (refused.Code, refused.Column));
    }

    [Fact]
    public void What_is_written_is_read_again_whatever_the_values_and_however_the_bytes_arrive()
    {
        var value = Gen.OneOf(Gen.String[Gen.Char[" ,;\t\n\r\"a七é"], 0, 12], Gen.Int[0, 400].Select(one => $"{one}"));
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, 40], Gen.Char[",;\t"], Gen.Int[1, 50]).SelectMany((columns, rows, separator, chunk) =>
            value.Array[columns].Array[rows].Select(cells => (columns, cells, separator, chunk))).Sample(one =>
        {
            var names = Enumerable.Range(0, one.columns).Select(i => $"c{i}").ToArray();
            var table = Table.Of(names, one.cells);
            var bytes = new MemoryStream();
            CsvTable.Write(table, bytes, one.separator, Running);
            bytes.Position = 0;
            var read = CsvTable.Read(new Dribble(bytes, one.chunk), new CsvOptions { Separator = one.separator }, Running);
            foreach (var name in names)
            {
                Assert.Equal(Values(table[name]), Values(read[name]));
            }
        }, iter: 300);
    }

    [Fact]
    public void More_than_256_and_65536_distinct_values_are_kept_apart()
    {
        var text = new StringBuilder("a,b\n");
        for (var i = 0; i < 70_000; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{i},{i % 300}-some longer value-{i % 300}\n");
        var table = Read(text.ToString());
        Assert.Equal(70_000, table["a"].Distinct);
        Assert.Equal(300, table["b"].Distinct);
        for (var i = 0; i < 70_000; i += 77)
            Assert.Equal(($"{i}", $"{i % 300}-some longer value-{i % 300}"), (table["a"][i], table["b"][i]));
    }

    [Fact]
    public void A_file_appears_only_when_it_is_complete_and_reading_can_be_cancelled_and_watched()
    {
        var folder = Directory.CreateTempSubdirectory("cityhub-csv-");
        try
        {
            var path = Path.Combine(folder.FullName, "out.csv");
            File.WriteAllText(path, "before");
            using var cancel = new CancellationTokenSource();
            cancel.Cancel();
            var table = Table.Of(["a"], ["1"]);
            Assert.Throws<OperationCanceledException>(() => CsvTable.Write(table, path, cancel: cancel.Token));
            Assert.Equal(["out.csv"], folder.GetFiles().Select(one => one.Name));
            Assert.Equal("before", File.ReadAllText(path));
            CsvTable.Write(table, path, cancel: Running);
            Assert.Equal("a\n1\n", File.ReadAllText(path));
            Assert.Throws<OperationCanceledException>(() => CsvTable.Read(path, cancel: cancel.Token));
            var told = new Told();
            CsvTable.Read(path, new CsvOptions { Progress = told }, Running);
            Assert.Equal(1, told.Last);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Rows_are_streamed_with_the_same_checks()
    {
        using var rows = new CsvRows(Bytes("a;b\n1;x\n2;y\n3\n"), new CsvOptions { Columns = ["b"] });
        Assert.Equal(["b"], rows.Names);
        Assert.True(rows.Next());
        Assert.Equal(("x", 2L), (rows[0], rows.Row));
        Assert.True(rows.Next());
        Assert.Equal("y", rows[0]);
        Assert.Equal(4, Assert.Throws<PrivacyException>(() => rows.Next()).Refusal.Row);
    }

    [Fact]
    public void The_million_rows_are_the_ones_that_were_specified()
    {
        var adult = Path.Combine(SharedData.Need("privacy"), "adult.csv");
        var bytes = new MemoryStream(83_000_000);
        AdultBoot.Write(adult, bytes);
        Assert.Equal(82_436_500, bytes.Length);
        Assert.Equal(AdultBoot.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length))));
        bytes.Position = 0;
        var table = CsvTable.Read(bytes, cancel: Running);
        Assert.Equal(1_000_000, table.Rows);
    }

    private static Table Read(string text) => CsvTable.Read(Bytes(text), cancel: Running);

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static string[] Values(Column column) => [.. Enumerable.Range(0, column.Rows).Select(row => column[row])];

    private sealed class Told : IProgress<double>
    {
        public double Last { get; private set; }

        public void Report(double value) => Last = value;
    }

    /// <summary>Hands out a few bytes at a time.</summary>
    private sealed class Dribble(Stream from, int chunk) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => from.Read(buffer, offset, Math.Min(count, chunk));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
