using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd.Processing;

/// <summary>How a document is read and written (JSON-LD 1.1 API, 9.3).</summary>
internal sealed record LdOptions
{
    /// <summary>The document's own place; null when it has none.</summary>
    public string? Base { get; init; }

    public LdMode Mode { get; init; } = LdMode.V11;

    /// <summary>The document at a URL; null when it cannot be had.</summary>
    public Func<string, LdJson?> Load { get; init; } = static _ => null;

    /// <summary>A context that holds before the document's own.</summary>
    public LdJson? ExpandContext { get; init; }

    public bool CompactArrays { get; init; } = true;

    public bool CompactToRelative { get; init; } = true;

    /// <summary>Members in the order of their names.</summary>
    public bool Ordered { get; init; }
}

/// <summary>
/// Expansion and compaction of any JSON-LD 1.1 document. The broker itself reads entities in one pass with <see cref="LdContext"/>; this is for what is not an
/// entity, and it is what the W3C cases measure.
/// </summary>
internal static class JsonLdProcessor
{
    /// <summary>The expanded document; a refusal carries the JSON-LD error code as its rule.</summary>
    public static Result<LdArray> Expand(LdJson? document, LdOptions options)
    {
        try
        {
            return Expanded(document, options, new ContextProcessor(options.Load, options.Mode));
        }
        catch (LdError e)
        {
            return Refused(e);
        }
    }

    /// <param name="context">The context to write in; a document with an @context member, or the value of one.</param>
    public static Result<LdObject> Compact(LdJson? document, LdJson? context, LdOptions options)
    {
        try
        {
            var expanded = Expanded(document, options with { ExpandContext = null }, new ContextProcessor(options.Load, options.Mode));
            var contexts = new ContextProcessor(options.Load, options.Mode);
            if (context is LdObject holder && holder.TryGet("@context", out var inner))
                context = inner;
            var active = contexts.Process(new ActiveContext(options.Base), context, options.Base);
            if (!options.CompactToRelative)
                active.Base = null;
            var compactor = new Compactor(contexts, options.CompactArrays, options.Ordered);
            var compacted = compactor.Compact(active, null, expanded);
            var result = new LdObject();
            if (context is not (null or LdArray { Count: 0 } or LdObject { Count: 0 }))
                result["@context"] = context;
            if (compacted is LdArray { Count: > 0 } several)
                result[compactor.Iris.Alias(active, "@graph")] = several;
            else if (compacted is LdObject node)
                foreach (var (name, value) in node)
                    result[name] = value;
            return result;
        }
        catch (LdError e)
        {
            return Refused(e);
        }
    }

    /// <summary>A document in UTF-8 as a value, or the refusal.</summary>
    public static Result<LdArray> Expand(ReadOnlySpan<byte> utf8, LdOptions options)
    {
        LdJson? document;
        try
        {
            document = LdJson.Parse(utf8);
        }
        catch (JsonException e)
        {
            return ContextProblems.InvalidRequest.Because($"The document is not JSON: {e.Message}");
        }

        return Expand(document, options);
    }

    private static LdArray Expanded(LdJson? document, LdOptions options, ContextProcessor contexts)
    {
        var active = new ActiveContext(options.Base);
        if (options.ExpandContext is { } first)
            active = contexts.Process(active, first is LdObject holder && holder.TryGet("@context", out var inner) ? inner : first, options.Base);
        return new Expander(contexts, options.Base, options.Ordered).Expand(active, null, document) switch
        {
            null => [],
            LdObject { Count: 1 } only when only.TryGet("@graph", out var graph) => graph as LdArray ?? (graph is null ? [] : new LdArray(graph)),
            LdArray items => items,
            var one => new LdArray(one),
        };
    }

    private static Problem Refused(LdError e) => ContextProblems.BadRequestData.Because($"The document is no JSON-LD: {e.Message}", rule: e.Code);
}
