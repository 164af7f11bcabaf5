using System.Buffers;
using System.Text.Json;
using CityHub.Context.JsonLd.Processing;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>
/// From the value of an @context member to an <see cref="LdContext"/>. The core context stands before the user's part, so that it may lean on its words,
/// and again behind it, where it wins (clause 4.4); wherever a user names it, it is passed over.
/// </summary>
internal static class ContextCompiler
{
    /// <summary>The core's words, free to be defined anew: the user's part may say what it likes, the core has the last word.</summary>
    private static readonly ActiveContext Core = Unprotected();

    public static Result<LdContext> Compile(ReadOnlyMemory<byte> context, Func<string, ReadOnlyMemory<byte>?> documents, string? url = null)
    {
        if (!Parse(context.Span).TryGet(out var json, out var problem))
            return problem;
        return Compile(json, Load, url);

        LdJson? Load(string reference) => documents(reference) is { } document ? LdJson.Parse(document.Span) : null;
    }

    /// <param name="load">The document at a URL, parsed; null when it is not at hand.</param>
    public static Result<LdContext> Compile(LdJson? context, Func<string, LdJson?> load, string? url)
    {
        try
        {
            var processor = new ContextProcessor(load) { RefuseScoped = true, AllowMisleadingTerms = true, Skip = CoreContext.IsCoreUrl, Initial = Core.Clone };
            var active = processor.Process(Core.Clone(), context, null);
            return new LdContext(active.Terms, url, WithCore(context));
        }
        catch (LdError e) when (e.Code == LdError.LoadingRemoteContextFailed)
        {
            return ContextProblems.ContextNotAvailable.Because(e.Message, "Check the URL, or add the context to the hub (POST /ngsi-ld/v1/jsonldContexts) and name it by its URL there.");
        }
        catch (LdError e)
        {
            return ContextProblems.BadRequestData.Because($"The @context cannot be used: {e.Message}", rule: $"JSON-LD 1.1: {e.Code}");
        }
        catch (JsonException e)
        {
            return ContextProblems.BadRequestData.Because($"A document that the @context names is not JSON: {e.Message}");
        }
    }

    /// <summary>The value of an @context member, when it has the shape of one: a URL, an object, or an array of these. Told before anything is fetched.</summary>
    public static Result<LdJson?> Parse(ReadOnlySpan<byte> context)
    {
        LdJson? json;
        try
        {
            json = LdJson.Parse(context);
        }
        catch (JsonException e)
        {
            return ContextProblems.BadRequestData.Because($"The @context is not JSON: {e.Message}");
        }

        return HasShape(json, 0)
            ? json
            : ContextProblems.BadRequestData.Because("An @context is a URL, an object, or an array of these.", rule: $"JSON-LD 1.1: {LdError.InvalidLocalContext}");
    }

    private static bool HasShape(LdJson? json, int depth) => json is null or LdText or LdObject || (json is LdArray items && depth < ContextProcessor.MostRemoteDepth && items.All(i => HasShape(i, depth + 1)));

    private static ActiveContext Unprotected()
    {
        var start = new ActiveContext(null) { Vocab = CoreContext.DefaultVocabulary };
        foreach (var (name, term) in CoreContext.Terms)
            start.Set(name, term with { Protected = false });
        return start;
    }

    /// <summary>What the client named is what he is told; a context given inline is told with the core context behind it.</summary>
    private static byte[] WithCore(LdJson? context)
    {
        if (context is LdArray { Count: 1 } single)
            context = single[0];
        if (context is LdText)
            return context.ToUtf8();
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartArray();
            var endsInCore = false;
            foreach (var item in context is LdArray items ? items : new LdArray(context))
            {
                if (item is null)
                    continue;
                endsInCore = item is LdText text && CoreContext.IsCoreUrl(text.Value);
                item.Write(json);
            }

            if (!endsInCore)
                json.WriteStringValue(CoreContext.Url);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
