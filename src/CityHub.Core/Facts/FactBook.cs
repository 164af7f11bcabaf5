using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Core.Facts;

/// <summary>
/// A module's own state: decisions one after the other, each appended to its stream with the version it was decided on, then applied in memory.
/// A start applies the stream again; there is no other persistence.
/// </summary>
public abstract class FactBook : IDisposable
{
    private readonly IFactLog _log;
    private readonly SemaphoreSlim _gate = new(1);
    private long _version;

    /// <param name="stream">Its name in the log; nobody else appends to it.</param>
    protected FactBook(IFactLog log, TimeProvider clock, string stream) => (_log, Clock, Stream) = (log, clock, stream);

    public string Stream { get; }

    protected TimeProvider Clock { get; }

    /// <summary>Of the fact that is being applied.</summary>
    protected long Position { get; private set; }

    /// <summary>Reads the stream; once, before anything else.</summary>
    public void Load()
    {
        foreach (var fact in _log.Read(0, Stream))
        {
            Position = fact.Position;
            Apply(fact.Type, fact.Payload, fact.At);
            _version = fact.Version;
        }
    }

    public void Dispose()
    {
        _gate.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at);

    /// <summary>Decides under the book's gate and records what was decided; no facts, no append. Once decided it is not given up half-way.</summary>
    protected async ValueTask<Result<T>> RecordAsync<T>(Func<DateTimeOffset, Result<(IReadOnlyList<NewFact> Facts, T Answer)>> decide)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            var now = Clock.GetUtcNow();
            if (!decide(now).TryGet(out var decided, out var problem))
                return problem;
            if (decided.Facts.Count == 0)
                return decided.Answer;
            if (!(await _log.AppendAsync(new Append(Stream, decided.Facts, now) { ExpectedVersion = _version }, CancellationToken.None)).TryGet(out var appended, out problem))
                return problem;
            _version = appended.Version;
            Position = appended.Position - decided.Facts.Count;
            foreach (var fact in decided.Facts)
            {
                Position++;
                Apply(fact.Type, fact.Payload, appended.At);
            }

            return decided.Answer;
        }
        finally
        {
            _gate.Release();
        }
    }

    protected static NewFact Fact(string type, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return new NewFact(type, buffer.WrittenMemory);
    }
}
