using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace CityHub.Ledger;

/// <summary>
/// Asks the witnesses of a policy for their cosignatures on a log's checkpoint, all at once. It believes no cosignature that it has not verified, and it remembers
/// what each witness cosigned, so that one that forgets is told. For rounds one after the other.
/// </summary>
/// <param name="http">Its own time limit should be above <paramref name="patience"/>.</param>
/// <param name="patience">How long a round waits for its quorum.</param>
/// <param name="grace">How long it waits for the others once the quorum is met.</param>
public sealed class WitnessClient(WitnessPolicy policy, HttpClient http, TimeProvider clock, TimeSpan patience, TimeSpan grace)
{
    /// <summary>More than any honest answer needs.</summary>
    private const int MaxAnswer = 64 * 1024;

    /// <summary>Others may submit checkpoints of the log, too, so that what a witness knows can change between two requests.</summary>
    private const int Attempts = 4;

    private static readonly MediaTypeHeaderValue Plain = new("text/plain", "utf-8");

    /// <summary>Witness → the last checkpoint that it cosigned for us, with that cosignature.</summary>
    private readonly ConcurrentDictionary<string, (long Size, SignedNote Note)> seen = new(StringComparer.Ordinal);

    /// <summary>After a restart: what witnesses cosigned before, as the log has published it. Cosignatures that are not good are passed over.</summary>
    public void Remember(SignedNote published)
    {
        if (!Checkpoint.TryParse(published.Text, out var head, out _))
            return;
        foreach (var witness in policy.Witnesses)
        {
            if (published.TryVerify([witness.Key], out _, out _) && (!seen.TryGetValue(witness.Name, out var last) || last.Size < head.Size))
                seen[witness.Name] = (head.Size, published);
        }
    }

    /// <param name="checkpoint">Signed by the log.</param>
    /// <param name="consistency">The proof from a size to the checkpoint's; only for sizes above zero and below it. Called from several threads.</param>
    public async Task<WitnessRound> CosignAsync(SignedNote checkpoint, Func<long, IReadOnlyList<byte[]>> consistency, CancellationToken cancel)
    {
        var head = Checkpoint.Parse(checkpoint.Text);
        var hash = policy.Logs.FirstOrDefault(log => string.Equals(log.Origin, head.Origin, StringComparison.Ordinal))?.Key.Hash;
        PolicyWitness[] witnesses = [.. policy.Witnesses.Where(one => one.Key.Hash == hash)];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var over = new CancellationTokenSource(patience, clock);
        using var link = over.Token.Register(stop.Cancel);

        var signatures = new NoteSignature?[witnesses.Length];
        var outcomes = new WitnessOutcome[witnesses.Length];
        var asked = witnesses.Select((witness, i) => AskAsync(witness, i)).ToList();
        var waiting = new List<Task>(asked);
        var met = policy.IsMet(Names());
        if (met)
            over.CancelAfter(grace);
        while (waiting.Count > 0)
        {
            waiting.Remove(await Task.WhenAny(waiting).ConfigureAwait(false));
            if (!met && (met = policy.IsMet(Names())))
                over.CancelAfter(grace);
        }

        await Task.WhenAll(asked).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        var note = new SignedNote(checkpoint.Text, [.. checkpoint.Signatures.Where(one => !witnesses.Any(witness => witness.Key.Made(one))), .. signatures.OfType<NoteSignature>()]);
        return new WitnessRound(note, met, outcomes);

        HashSet<string> Names() => outcomes.Where(one => one is { Cosigned: true }).Select(one => one.Witness.Name).ToHashSet(StringComparer.Ordinal);

        async Task AskAsync(PolicyWitness witness, int i)
        {
            try
            {
                (outcomes[i], signatures[i]) = await AskOneAsync(witness, checkpoint, head, consistency, stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                outcomes[i] = new WitnessOutcome(witness, false, null, "it has not answered in time", false);
            }
            catch (Exception wrong) when (wrong is HttpRequestException or IOException or InvalidOperationException or UriFormatException)
            {
                outcomes[i] = new WitnessOutcome(witness, false, null, $"it cannot be reached: {wrong.Message}", false);
            }
        }
    }

    private async Task<(WitnessOutcome Outcome, NoteSignature? Signature)> AskOneAsync(
        PolicyWitness witness, SignedNote checkpoint, Checkpoint head, Func<long, IReadOnlyList<byte[]>> consistency, CancellationToken cancel)
    {
        if (witness.Url is not { } url)
            return Failed("the policy has no address for it", false);
        if (!Uri.TryCreate(url.TrimEnd('/') + "/add-checkpoint", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            return Failed($"its address {NoteText.Shown(url)} is not one of http or https", false);

        long old = 0;
        if (seen.TryGetValue(witness.Name, out var last))
        {
            if (last.Size > head.Size)
                return Failed(string.Create(CultureInfo.InvariantCulture, $"it has cosigned {last.Size} entries already, and this checkpoint has {head.Size}"), true);
            old = last.Size;
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var proof = old > 0 && old < head.Size ? consistency(old) : [];
            var (status, type, body) = await PostAsync(address, new WitnessRequest(old, proof, checkpoint), cancel).ConfigureAwait(false);
            if (status == HttpStatusCode.OK)
                return Take(witness, checkpoint, head, body);
            if (status != HttpStatusCode.Conflict)
                return Failed($"it answered {(int)status} {NoteText.Shown(FirstLine(body))}", status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.Forbidden);
            if (type != WitnessAnswer.SizeType || !body.EndsWith('\n') || !NoteText.TryNumber(body.AsSpan()[..^1], out var known))
                return Failed("it answered 409 without the size that it knows", false);
            if (known > head.Size)
                return Failed(string.Create(CultureInfo.InvariantCulture, $"it knows {known} entries, and this checkpoint has {head.Size}: the log was set back, or it is another log"), true);
            if (last.Note is { } before && known < last.Size)
            {
                // It is shown its own cosignature, so that it knows, too.
                await PostAsync(address, new WitnessRequest(0, [], before), cancel).ConfigureAwait(false);
                return Failed(string.Create(CultureInfo.InvariantCulture, $"it has cosigned {last.Size} entries and now knows {known}: its memory was set back, and its word counts no more"), true);
            }

            old = known;
        }

        return Failed("what it knows changed at each attempt", false);

        (WitnessOutcome, NoteSignature?) Failed(string why, bool serious) => (new WitnessOutcome(witness, false, null, why, serious), null);
    }

    /// <summary>Exactly one good signature of the witness's key counts; what other keys say is passed over.</summary>
    private (WitnessOutcome Outcome, NoteSignature? Signature) Take(PolicyWitness witness, SignedNote checkpoint, Checkpoint head, string body)
    {
        var text = Encoding.UTF8.GetBytes(checkpoint.Text);
        foreach (var line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!NoteSignature.TryParse(line, out var signature, out var why))
                return (new WitnessOutcome(witness, false, null, $"it answered something that is not a signature: {why}", true), null);
            if (!witness.Key.Made(signature))
                continue;
            if (!witness.Key.Verify(text, signature, out var time) || time is null or 0)
                return (new WitnessOutcome(witness, false, null, "its cosignature is not good for this checkpoint", true), null);
            seen[witness.Name] = (head.Size, new SignedNote(checkpoint.Text, [.. checkpoint.Signatures.Where(one => !witness.Key.Made(one)), signature]));
            return (new WitnessOutcome(witness, true, time, null, false), signature);
        }

        return (new WitnessOutcome(witness, false, null, "it answered without a cosignature of the key that the policy knows", true), null);
    }

    private async Task<(HttpStatusCode Status, string? Type, string Body)> PostAsync(Uri address, WitnessRequest request, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(request.ToBytes()) { Headers = { ContentType = Plain } };
        using var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        using var answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        var stream = await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var bytes = new byte[MaxAnswer + 1];
            var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
            if (length > MaxAnswer)
                throw new IOException($"its answer has more than {MaxAnswer} bytes");
            return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, Encoding.UTF8.GetString(bytes, 0, length));
        }
    }

    private static string FirstLine(string body) => body.Split('\n', 2)[0];
}
