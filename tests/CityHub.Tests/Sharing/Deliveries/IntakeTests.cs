using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Sharing;
using CityHub.Sharing.Deliveries;
using CsCheck;

namespace CityHub.Tests.Sharing.Deliveries;

public sealed class IntakeTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", "1|2;3|4")]
    [InlineData("a,b\r\n1,2\r\n3,4", "1|2;3|4")]
    [InlineData("\uFEFFa,b\n1,2\n", "1|2")]
    [InlineData("a,b\n,\"\"\n", "~|")]
    [InlineData("a,b\n\"x,\"\"y\"\"\n\",z\n", "x,\"y\"\n|z")]
    [InlineData("a,b\n1,\"2\"\r\n3,\"4\"", "1|2;3|4")]
    [InlineData("a,b\n1,2\n\n", "1|2")]
    [InlineData("a\n1\n\n2\n", "1;~;2")]
    [InlineData("a,b\n", "")]
    [InlineData("名称,b\n王芳,é\n", "王芳|é")]
    public async Task Csv_is_read_as_rfc_4180_has_it_wherever_it_is_cut(string text, string rows)
    {
        for (var piece = 1; piece <= text.Length + 2; piece++)
            Assert.Equal(rows, await CsvAsync(text, piece));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a,a\n1,2\n", "stands twice")]
    [InlineData("a,b\n1,2,3\n", "more than 2")]
    [InlineData("a,b\n1\n", "1 fields")]
    [InlineData("a,b\n1,\"2", "not closed")]
    [InlineData("a,b\n1,\"2\"x\n", "goes on")]
    public async Task A_file_that_cannot_be_read_is_refused_and_the_row_named(string text, string why) =>
        Assert.Contains(why, (await RefusedAsync(() => CsvAsync(text, 3))).Detail, StringComparison.Ordinal);

    [Fact]
    public async Task Text_that_is_not_utf8_is_refused()
    {
        var bytes = new byte[] { (byte)'a', (byte)'\n', 0xCD, 0xF5, (byte)'\n' };
        var problem = await RefusedAsync(async () => await ReadAsync((await CsvIntake.OpenAsync(Bytes(bytes, 64), (byte)',', Cancel)).Value));
        Assert.Contains("GB18030", problem.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_longer_than_a_row_or_a_delivery_may_be_is_refused()
    {
        var limits = new IntakeLimits { MostBytes = 10_000, MostRowBytes = 1000 };
        var endless = "a,b\n1,\"" + new string('x', 5000);
        Assert.Equal(SharingProblems.TooLarge, (await RefusedAsync(async () => await ReadAsync((await CsvIntake.OpenAsync(Bytes(Encoding.UTF8.GetBytes(endless), 100, limits), (byte)',', Cancel)).Value))).Kind);
        var long_ = "a\n" + string.Concat(Enumerable.Repeat("1\n", 9000));
        Assert.Equal(SharingProblems.TooLarge, (await RefusedAsync(async () => await ReadAsync((await CsvIntake.OpenAsync(Bytes(Encoding.UTF8.GetBytes(long_), 100, limits), (byte)',', Cancel)).Value))).Kind);
    }

    /// <summary>Whatever the fields are, what was written is what is read, however the bytes are cut; and the hash is of the bytes.</summary>
    [Fact]
    public async Task What_was_written_is_read_again() => await Gen.Select(Gen.String[Gen.Char["ab,\"\r\n 王é"], 0, 6].Array[3].Array[0, 40], Gen.Int[1, 50]).SampleAsync(async (rows, piece) =>
    {
        var text = "a,b,c\r\n" + string.Concat(rows.Select(r => string.Join(',', r.Select(f => $"\"{f.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")) + "\r\n"));
        var bytes = Encoding.UTF8.GetBytes(text);
        await using var intake = (await CsvIntake.OpenAsync(Bytes(bytes, piece), (byte)',', Cancel)).Value;
        Assert.Equal(string.Join(';', rows.Select(r => string.Join('|', r))), await ReadAsync(intake));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), intake.Sha256());
        Assert.Equal(rows.Length, intake.Rows);
    });

    [Fact]
    public async Task Many_batches_have_every_row_once()
    {
        var text = "n,m\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"{i},{(i % 3 == 0 ? "" : "x")}\n"));
        Assert.Equal(string.Join(';', Enumerable.Range(0, 10_000).Select(i => $"{i}|{(i % 3 == 0 ? "~" : "x")}")), await CsvAsync(text, 777));
    }

    [Theory]
    [InlineData("{\"a\":\"x\",\"b\":1.50}\n{\"b\":true}\n\n{\"a\":null,\"b\":{\"c\":[1, 2]}}", "x|1.50;~|true;~|{\"c\":[1, 2]}")]
    [InlineData("{\"a\":\"\\u738b\\n\"}\n", "王\n|~")]
    [InlineData("", "")]
    public async Task Lines_of_json_are_read_wherever_they_are_cut(string text, string rows)
    {
        for (var piece = 1; piece <= text.Length + 2; piece++)
            Assert.Equal(rows, await ReadAsync((await JsonLinesIntake.OpenAsync(Bytes(Encoding.UTF8.GetBytes(text), piece), ["a", "b"], Cancel)).Value));
    }

    [Theory]
    [InlineData("{\"c\":1}", "no column c")]
    [InlineData("{\"a\":1,\"a\":2}", "stands twice")]
    [InlineData("[1]", "no JSON object")]
    [InlineData("{\"a\":1", "Row 1")]
    public async Task A_line_that_is_no_row_is_refused(string text, string why) => Assert.Contains(
        why, (await RefusedAsync(async () => await ReadAsync((await JsonLinesIntake.OpenAsync(Bytes(Encoding.UTF8.GetBytes(text), 5), ["a", "b"], Cancel)).Value))).Detail, StringComparison.Ordinal);

    [Fact]
    public async Task Without_columns_the_first_line_names_them()
    {
        await using var intake = (await JsonLinesIntake.OpenAsync(Bytes("{\"x\":1,\"y\":2}\n{\"y\":3}"u8.ToArray(), 4), null, Cancel)).Value;
        Assert.Equal(["x", "y"], intake.Schema.Columns.Select(c => c.Name));
        Assert.Equal("1|2;~|3", await ReadAsync(intake));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<string> CsvAsync(string text, int piece)
    {
        if (!(await CsvIntake.OpenAsync(Bytes(Encoding.UTF8.GetBytes(text), piece), (byte)',', Cancel)).TryGet(out var intake, out var problem))
            throw new IntakeException(problem);
        return await ReadAsync(intake);
    }

    private static async Task<string> ReadAsync(Intake intake)
    {
        var rows = new List<string>();
        while (await intake.NextAsync(Cancel) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                rows.Add(string.Join('|', batch.Columns.Select(c => c.IsNull(row) ? "~" : c.Text(row))));
        return string.Join(';', rows);
    }

    private static async Task<Problem> RefusedAsync(Func<Task<string>> read) => (await Assert.ThrowsAsync<IntakeException>(read)).Problem;

    private static IntakeBytes Bytes(byte[] bytes, int piece, IntakeLimits? limits = null) => new(new Pieces(bytes, piece), limits ?? new IntakeLimits());

    /// <summary>Gives a few bytes at a time, as a network may.</summary>
    private sealed class Pieces(byte[] bytes, int piece) : PipeReader
    {
        private int _at;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var length = Math.Min(piece, bytes.Length - _at);
            var result = new ReadResult(new System.Buffers.ReadOnlySequence<byte>(bytes, _at, length), false, _at + length == bytes.Length);
            _at += length;
            return ValueTask.FromResult(result);
        }

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return false;
        }
    }
}
