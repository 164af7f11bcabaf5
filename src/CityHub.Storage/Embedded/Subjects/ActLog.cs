using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Storage.Embedded.Sqlite;
using CityHub.Storage.Ledger;

namespace CityHub.Storage.Embedded.Subjects;

/// <summary>
/// Acts as facts: <c>{"tenant":…,"what":…,"subjects":[tags],"sealed":[boxes]}</c>. A tag is the HMAC of a purpose under the person's key, a box is what the act says of
/// the person, in AES-256-GCM under a key derived from the same; who destroys the key destroys both meanings. Which acts are about a tag is a view over
/// the log, brought up to date when somebody asks.
/// </summary>
internal sealed class ActLog : IActs
{
    public const string ViewName = "acts-by-subject";
    public const string Forgotten = "SubjectForgotten";

    const int NonceBytes = 12;
    const int MacBytes = 16;

    readonly IFactLog _log;
    readonly IView _view;
    readonly SubjectKeys _keys;
    readonly TimeProvider _time;
    readonly Action<byte[]> _entropy;
    readonly Lock _gate = new();

    ActLog(IFactLog log, IView view, SubjectKeys keys, TimeProvider time, Action<byte[]> entropy) =>
        (_log, _view, _keys, _time, _entropy) = (log, view, keys, time, entropy);

    static ReadOnlySpan<byte> TagPurpose => "cityhub acts"u8;

    static ReadOnlySpan<byte> BoxPurpose => "cityhub acts box"u8;

    /// <summary>Opens, and destroys what a crash left of persons that were to be forgotten.</summary>
    public static ActLog Open(IFactLog log, IViews views, SubjectKeys keys, TimeProvider time, Action<byte[]> entropy)
    {
        var acts = new ActLog(log, views.Open(ViewName), keys, time, entropy);
        try
        {
            acts.CatchUp();
        }
        catch (SqliteException full) when (full.DiskFull)
        {
            // Keys are destroyed before the view is written, and the view is brought up to date when somebody asks.
        }

        return acts;
    }

    public async ValueTask<Result<RecordedAct>> RecordAsync(Act act, CancellationToken cancel = default)
    {
        if (!Encode(act).TryGet(out byte[]? payload, out Problem? problem))
        {
            return problem;
        }

        if (!(await _log.AppendAsync(new Append(Acts.Stream, [new NewFact(act.Type, payload)], _time.GetUtcNow()), cancel)).TryGet(out Appended appended, out problem))
        {
            return problem;
        }

        return new RecordedAct(appended.Position, appended.At);
    }

    public IEnumerable<SubjectAct> Of(string subject, long after = 0)
    {
        if (!_keys.TryGet(subject, out byte[]? key))
        {
            yield break;
        }

        CatchUp();
        string tag = TagOf(key);
        byte[] box = BoxKey(key);
        foreach ((string at, _) in _view.Scan(Key(tag, after + 1), tag + "/"))
        {
            long position = long.Parse(at.AsSpan(tag.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture);
            foreach (Fact fact in _log.Read(position - 1))
            {
                if (Opened(fact, tag, box) is { } act)
                {
                    yield return act;
                }

                break;
            }
        }
    }

    /// <summary>Of the acts only those are read and opened that are given; their positions alone are cheap.</summary>
    public IEnumerable<SubjectAct> Newest(string subject, long before, int most)
    {
        if (!_keys.TryGet(subject, out byte[]? key))
        {
            yield break;
        }

        CatchUp();
        string tag = TagOf(key);
        byte[] box = BoxKey(key);
        var positions = new Queue<long>();
        foreach ((string at, _) in _view.Scan(Key(tag, 0), tag + "/"))
        {
            long position = long.Parse(at.AsSpan(tag.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture);
            if (position >= before)
            {
                break;
            }

            positions.Enqueue(position);
            if (positions.Count > most)
            {
                positions.Dequeue();
            }
        }

        foreach (long position in positions.Reverse())
        {
            foreach (Fact fact in _log.Read(position - 1))
            {
                if (Opened(fact, tag, box) is { } act)
                {
                    yield return act;
                }

                break;
            }
        }
    }

    public async ValueTask<Result<bool>> ForgetAsync(string subject, CancellationToken cancel = default)
    {
        if (!_keys.TryGet(subject, out byte[]? key))
        {
            return false;
        }

        byte[] payload = Payload("", "{}"u8, [(TagOf(key), null)]);
        if (!(await _log.AppendAsync(new Append(Acts.Stream, [new NewFact(Forgotten, payload)], _time.GetUtcNow()), cancel)).TryGet(out _, out Problem? problem))
        {
            return problem;
        }

        CatchUp(); // Destroys the key. A crash before this leaves it to the next opening.
        return true;
    }

    Result<byte[]> Encode(Act act)
    {
        if (act.Type.Length is 0 or > 100)
        {
            return ActProblems.NotAnAct.Because("An act has a type of 1 to 100 letters.", "Past tense, e.g. DataAccessed");
        }

        if (act.Subjects.Count > FactLeaf.MostSubjects)
        {
            return ActProblems.NotAnAct.Because($"An act names at most {FactLeaf.MostSubjects} subjects; this one names {act.Subjects.Count}.", "Record one act for each part.");
        }

        if (!IsObject(act.What.Span))
        {
            return ActProblems.NotAnAct.Because("What was done is no JSON object.");
        }

        var named = new HashSet<string>(StringComparer.Ordinal);
        var boxes = new List<(string Tag, byte[]? Box)>(act.Subjects.Count);
        foreach (ActSubject subject in act.Subjects)
        {
            if (subject.Id.Length == 0 || !named.Add(subject.Id) || !IsObject(subject.Fields.Span))
            {
                return ActProblems.NotAnAct.Because("A subject has an id, stands once, and what the act says of it is a JSON object.");
            }
        }

        byte[][] keys = _keys.KeysOf([.. act.Subjects.Select(subject => subject.Id)]);
        for (int i = 0; i < keys.Length; i++)
        {
            boxes.Add((TagOf(keys[i]), Seal(BoxKey(keys[i]), act.Subjects[i].Fields.Span)));
        }

        return Payload(act.Tenant, act.What.Span, boxes);
    }

    static bool IsObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && reader.TrySkip() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static byte[] Payload(string tenant, ReadOnlySpan<byte> what, List<(string Tag, byte[]? Box)> subjects)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + what.Length);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (tenant.Length > 0)
            {
                json.WriteString("tenant"u8, tenant);
            }

            json.WritePropertyName("what"u8);
            json.WriteRawValue(what);
            json.WriteStartArray("subjects"u8);
            foreach ((string tag, _) in subjects)
            {
                json.WriteStringValue(tag);
            }

            json.WriteEndArray();
            json.WriteStartArray("sealed"u8);
            foreach ((_, byte[]? box) in subjects)
            {
                json.WriteBase64StringValue(box);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    byte[] Seal(byte[] key, ReadOnlySpan<byte> fields)
    {
        byte[] nonce = new byte[NonceBytes];
        _entropy(nonce);
        byte[] box = new byte[NonceBytes + fields.Length + MacBytes];
        nonce.CopyTo(box, 0);
        using var cipher = new AesGcm(key, MacBytes);
        cipher.Encrypt(nonce, fields, box.AsSpan(NonceBytes, fields.Length), box.AsSpan(NonceBytes + fields.Length));
        return box;
    }

    static SubjectAct? Opened(in Fact fact, string tag, byte[] key)
    {
        using JsonDocument payload = JsonDocument.Parse(fact.Payload);
        JsonElement subjects = payload.RootElement.GetProperty("subjects"u8);
        for (int i = 0; i < subjects.GetArrayLength(); i++)
        {
            if (!subjects[i].ValueEquals(tag))
            {
                continue;
            }

            byte[] box = payload.RootElement.GetProperty("sealed"u8)[i].GetBytesFromBase64();
            byte[] fields = "{}"u8.ToArray();
            if (box.Length >= NonceBytes + MacBytes)
            {
                fields = new byte[box.Length - NonceBytes - MacBytes];
                using var cipher = new AesGcm(key, MacBytes);
                cipher.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes, fields.Length), box.AsSpan(NonceBytes + fields.Length), fields);
            }

            return new SubjectAct(fact.Position, fact.At, fact.Type, Raw(payload.RootElement.GetProperty("what"u8)), fields);
        }

        return null;
    }

    static byte[] Raw(JsonElement element) => System.Text.Encoding.UTF8.GetBytes(element.GetRawText());

    /// <summary>The view takes in what has been recorded since; keys of persons that were forgotten since are destroyed before it moves on.</summary>
    void CatchUp()
    {
        const int Most = 4096;
        lock (_gate)
        {
            while (_view.Position < _log.Head)
            {
                long head = _log.Head;
                var changes = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>>();
                var forgotten = new HashSet<string>(StringComparer.Ordinal);
                long position = head;
                foreach (Fact fact in _log.Read(_view.Position, Acts.Stream))
                {
                    if (changes.Count >= Most)
                    {
                        position = fact.Position - 1;
                        break;
                    }

                    foreach (string tag in TagsOf(fact))
                    {
                        changes.Add(new(Key(tag, fact.Position), ReadOnlyMemory<byte>.Empty));
                        if (fact.Type == Forgotten)
                        {
                            forgotten.Add(tag);
                        }
                    }
                }

                if (forgotten.Count > 0)
                {
                    _keys.Destroy(key => forgotten.Contains(TagOf(key)));
                }

                if (changes.Count == 0)
                {
                    return;
                }

                _view.Commit(position, changes);
            }
        }
    }

    /// <summary>The view against the facts: what is there and should not be, or the other way round.</summary>
    public string? Check()
    {
        CatchUp();
        lock (_gate)
        {
            var expected = new HashSet<string>(StringComparer.Ordinal);
            foreach (Fact fact in _log.Read(0, Acts.Stream))
            {
                if (fact.Position > _view.Position)
                {
                    break;
                }

                foreach (string tag in TagsOf(fact))
                {
                    expected.Add(Key(tag, fact.Position));
                }
            }

            foreach ((string key, _) in _view.Scan())
            {
                if (!expected.Remove(key))
                {
                    return $"the list of acts by person has an act at fact {key.Split('/')[^1].TrimStart('0')} that no fact has";
                }
            }

            return expected.Count == 0 ? null : $"the list of acts by person lacks the act at fact {expected.First().Split('/')[^1].TrimStart('0')}";
        }
    }

    static List<string> TagsOf(in Fact fact)
    {
        var tags = new List<string>();
        using JsonDocument payload = JsonDocument.Parse(fact.Payload);
        foreach (JsonElement tag in payload.RootElement.GetProperty("subjects"u8).EnumerateArray())
        {
            tags.Add(tag.GetString() ?? "");
        }

        return tags;
    }

    static string Key(string tag, long position) => string.Create(CultureInfo.InvariantCulture, $"{tag}/{position:D19}");

    static string TagOf(byte[] key) => Convert.ToHexStringLower(SubjectTag.Make(MacFunctions.HmacSha256, key, TagPurpose));

    static byte[] BoxKey(byte[] key) => HKDF.DeriveKey(HashAlgorithmName.SHA256, key, SubjectKeys.KeyBytes, info: BoxPurpose.ToArray());
}
