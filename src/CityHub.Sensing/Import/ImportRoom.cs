using System.Collections.Concurrent;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Import;

/// <summary>The door for what was sensed before: batches of observations, and how far each import has come.</summary>
public sealed class ImportRoom(IFactLog log, IBackfill past, IVocabulary vocabulary, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<ImportBook>> _books = new(StringComparer.Ordinal);
    private long _recorded;

    internal IBackfill Past { get; } = past;

    internal IVocabulary Vocabulary { get; } = vocabulary;

    /// <summary>Values recorded since start.</summary>
    public long ValuesRecorded => Volatile.Read(ref _recorded);

    /// <summary>For an import in this process.</summary>
    public IImportTarget Target(string tenant) => new RoomTarget(this, tenant);

    /// <summary>An observation as people see it.</summary>
    public static void Write(System.Text.Json.Utf8JsonWriter json, Observation observation) => Mapping.TestMapping.Write(json, observation);

    public void Dispose()
    {
        foreach (var book in _books.Values)
            if (book.IsValueCreated)
                book.Value.Dispose();
    }

    internal ImportBook Of(string tenant) => _books.GetOrAdd(tenant, name => new Lazy<ImportBook>(() =>
    {
        var book = new ImportBook(log, clock, name);
        book.Load();
        return book;
    })).Value;

    /// <summary>A tenant's book; null when it never imported anything, so that asking does not make one.</summary>
    internal ImportBook? Find(string tenant) => log.VersionOf(Tenants.Stream(ImportBook.StreamName, tenant)) > 0 ? Of(tenant) : null;

    internal async ValueTask<Result<Filled>> RecordAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel)
    {
        var filled = await Past.FillAsync(tenant, observations, cancel);
        if (filled.Ok)
            Interlocked.Add(ref _recorded, filled.Value.Recorded);
        return filled;
    }

    private sealed class RoomTarget(ImportRoom room, string tenant) : IImportTarget
    {
        public ValueTask<Result<ImportState?>> FindAsync(string id, CancellationToken cancel)
        {
            Result<ImportState?> found = room.Find(tenant)?.Find(id);
            return new(found);
        }

        public async ValueTask<Result<Done>> NoteAsync(ImportState state, CancellationToken cancel) => (await room.Of(tenant).NoteAsync(state)).Map(_ => Done.Value);

        public ValueTask<Result<Filled>> RecordAsync(string? context, IReadOnlyList<Observation> observations, CancellationToken cancel) => room.RecordAsync(tenant, observations, cancel);

        public ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel) => room.Vocabulary.ExpandAsync(term, context, cancel);
    }
}

public static class ImportRoutes
{
    /// <summary>/readings and /imports.</summary>
    public static IEndpointRouteBuilder MapImports(this IEndpointRouteBuilder routes, ImportRoom room)
    {
        RecordReadings.Map(routes, room);
        FollowImports.Map(routes, room);
        return routes;
    }
}
