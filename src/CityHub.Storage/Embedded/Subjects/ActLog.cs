using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Storage.Embedded.Sqlite;
using CityHub.Storage.Ledger;

namespace CityHub.Storage.Embedded.Subjects;

/// <summary>
/// Acts as facts: <c>{"tenant":…,"what":…,"subjects":[tags],"sealed":[boxes]}</c>. A tag is the HMAC of a purpose under the person's key, a box is what the act says of
/// the person, in AES-256-GCM under a key derived from the same; who destroys the key destroys both meanings. Which acts are about a tag is a view over
/// the log (<see cref="ActIndex"/>), brought up to date as acts are recorded and when somebody asks.
/// </summary>
internal sealed class ActLog : IActs, IDisposable
{
    public const string Forgotten = "SubjectForgotten";

    const int NonceBytes = 12;
    const int MacBytes = 16;

    /// <summary>
    /// Acts are read into the index in the background when so many persons and acts wait: who asks then has little to wait for, a start reads little again, and requests do not
    /// wait long for the core that it takes (eight times as many at once took it for 5.6 ms, and a tenth of the slowest reads met one).
    /// </summary>
    const int MostBehind = 1_024;

    readonly IFactLog _log;
    readonly ActIndex _index;
    readonly SubjectKeys _keys;
    readonly TimeProvider _time;
    readonly Action<byte[]> _entropy;
    readonly Lock _gate = new();

    /// <summary>Tags whose keys are still to be destroyed; while there are any, the index is not kept, so that a start reads of them again.</summary>
    readonly HashSet<string> _forgotten = new(StringComparer.Ordinal);
    int _behind;
    bool _closed;

    ActLog(IFactLog log, IView view, SubjectKeys keys, TimeProvider time, Action<byte[]> entropy) =>
        (_log, _index, _keys, _time, _entropy) = (log, new ActIndex(view), keys, time, entropy);

    /// <summary>Opens, and destroys what a crash left of persons that were to be forgotten.</summary>
    public static ActLog Open(IFactLog log, IViews views, SubjectKeys keys, TimeProvider time, Action<byte[]> entropy)
    {
        var acts = new ActLog(log, views.Open(ActIndex.ViewName), keys, time, entropy);
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
        if (!Encode(act).TryGet(out (byte[] Payload, Task Durable) encoded, out Problem? problem))
        {
            return problem;
        }

        // Key and act go to the disk side by side. A crash between leaves an act without an answer, of a person whom nobody can name: its effect did not come.
        ValueTask<Result<Appended>> append = _log.AppendAsync(new Append(Acts.Stream, [new NewFact(act.Type, encoded.Payload)], _time.GetUtcNow()), cancel);
        if (!(await append).TryGet(out Appended appended, out problem))
        {
            return problem;
        }

        await encoded.Durable;
        if (Interlocked.Add(ref _behind, 1 + act.Subjects.Count) > MostBehind && Interlocked.Exchange(ref _behind, 0) > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static acts => acts.CatchUpBehind(), this, preferLocal: false);
        }

        return new RecordedAct(appended.Position, appended.At);
    }

    public IEnumerable<SubjectAct> Of(string subject, long after = 0)
    {
        if (!_keys.TryGet(subject, out byte[]? tag, out byte[]? boxKey))
        {
            return [];
        }

        CatchUp();
        return _index.Newest(tag, long.MaxValue).TakeWhile(position => position > after).Reverse().Select(position => Opened(position, tag, boxKey)).OfType<SubjectAct>();
    }

    /// <summary>Of the acts only those are read and opened that are given.</summary>
    public IEnumerable<SubjectAct> Newest(string subject, long before, int most)
    {
        if (!_keys.TryGet(subject, out byte[]? tag, out byte[]? boxKey))
        {
            return [];
        }

        CatchUp();
        return _index.Newest(tag, before).Select(position => Opened(position, tag, boxKey)).OfType<SubjectAct>().Take(most);
    }

    /// <summary>What of the acts is not in the view yet goes there, so that the next start reads nothing again.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            if (_forgotten.Count == 0)
            {
                _index.Keep();
            }
        }
    }

    public async ValueTask<Result<bool>> ForgetAsync(string subject, CancellationToken cancel = default)
    {
        if (!_keys.TryGet(subject, out byte[]? tag, out _))
        {
            return false;
        }

        byte[] payload = Payload("", "{}"u8, new SubjectMarks(tag, [null], Task.CompletedTask), []);
        if (!(await _log.AppendAsync(new Append(Acts.Stream, [new NewFact(Forgotten, payload)], _time.GetUtcNow()), cancel)).TryGet(out _, out Problem? problem))
        {
            return problem;
        }

        CatchUp(); // Destroys the key. A crash before this leaves it to the next opening.
        return true;
    }

    Result<(byte[] Payload, Task Durable)> Encode(Act act)
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
        foreach (ActSubject subject in act.Subjects)
        {
            if (subject.Id.Length == 0 || !named.Add(subject.Id) || !IsObject(subject.Fields.Span))
            {
                return ActProblems.NotAnAct.Because("A subject has an id, stands once, and what the act says of it is a JSON object.");
            }
        }

        if (act.Subjects.Count == 0)
        {
            return (Payload(act.Tenant, act.What.Span, SubjectMarks.Nobody, []), Task.CompletedTask);
        }

        SubjectMarks marks = _keys.MarksOf(act.Subjects);
        byte[]?[] boxes = new byte[marks.Count][];
        for (int i = 0; i < boxes.Length; i++)
        {
            boxes[i] = marks.BoxKey(i) is { } key ? Seal(key, act.Subjects[i].Fields.Span) : null;
        }

        return (Payload(act.Tenant, act.What.Span, marks, boxes), marks.Durable);
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

    static byte[] Payload(string tenant, ReadOnlySpan<byte> what, SubjectMarks subjects, byte[]?[] boxes)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + what.Length + subjects.Count * 72);
        Span<byte> hex = stackalloc byte[SubjectKeys.TagBytes * 2];
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (tenant.Length > 0)
            {
                json.WriteString("tenant"u8, tenant);
            }

            json.WritePropertyName("what"u8);
            json.WriteRawValue(what, skipInputValidation: true); // it was looked through before
            json.WriteStartArray("subjects"u8);
            for (int i = 0; i < subjects.Count; i++)
            {
                Convert.TryToHexStringLower(subjects.Tag(i), hex, out _);
                json.WriteStringValue(hex);
            }

            json.WriteEndArray();
            json.WriteStartArray("sealed"u8);
            for (int i = 0; i < subjects.Count; i++)
            {
                json.WriteBase64StringValue(i < boxes.Length ? boxes[i] : null);
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

    /// <summary>Null where the fact there is not about the person with this tag.</summary>
    SubjectAct? Opened(long position, byte[] tag, byte[] boxKey)
    {
        foreach (Fact fact in _log.Read(position - 1))
        {
            return fact.Position == position && Acts.IsActs(fact.Stream) ? Opened(fact, Convert.ToHexStringLower(tag), boxKey) : null;
        }

        return null;
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

    /// <summary>In the background: what fails here fails again, and is told, when somebody asks.</summary>
    void CatchUpBehind()
    {
        try
        {
            CatchUp();
        }
        catch (Exception failure) when (failure is ObjectDisposedException or SqliteException or StorageException)
        {
            // The store is being closed, its disk is full, or a fact is damaged.
        }
    }

    /// <summary>The index takes in what has been recorded since; keys of persons that were forgotten since are destroyed before it moves on.</summary>
    void CatchUp()
    {
        lock (_gate)
        {
            long head = _log.Head;
            if (_closed || (_index.Position >= head && _forgotten.Count == 0))
            {
                return;
            }

            try
            {
                ReadOn(head);
            }
            finally
            {
                // Also where a fact behind them cannot be read. A crash before leaves the index where it was: they are read again.
                if (_forgotten.Count > 0)
                {
                    _keys.Destroy(_forgotten);
                    _forgotten.Clear();
                }
            }

            _index.MoveTo(head);
            if (_index.IsFull)
            {
                _index.Keep();
            }
        }
    }

    void ReadOn(long head)
    {
        var tags = new List<ulong>();
        foreach (Fact fact in _log.Read(_index.Position, Acts.Stream))
        {
            if (fact.Position > head)
            {
                break;
            }

            if (fact.Type == Forgotten)
            {
                _forgotten.UnionWith(TagsOf(fact));
            }

            ReadTags(fact.Payload.Span, tags);
            _index.Add(fact.Position, tags);
            if (_index.IsFull && _forgotten.Count == 0)
            {
                _index.Keep();
            }
        }
    }

    /// <summary>The index against the facts: what is there and should not be, or the other way round.</summary>
    public string? Check()
    {
        CatchUp();
        lock (_gate)
        {
            var expected = new HashSet<(ulong Tag, long Position)>();
            var tags = new List<ulong>();
            foreach (Fact fact in _log.Read(0, Acts.Stream))
            {
                if (fact.Position > _index.Position)
                {
                    break;
                }

                ReadTags(fact.Payload.Span, tags);
                foreach (ulong tag in tags)
                {
                    expected.Add((tag, fact.Position));
                }
            }

            foreach ((ulong Tag, long Position) entry in _index.All())
            {
                if (!expected.Remove(entry))
                {
                    return $"the list of acts by person has an act at fact {entry.Position} that no fact has";
                }
            }

            return expected.Count == 0 ? null : $"the list of acts by person lacks the act at fact {expected.First().Position}";
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

    /// <summary>The first half of each tag, as the index has it; without a text for each, of which an act may have 500.</summary>
    static void ReadTags(ReadOnlySpan<byte> payload, List<ulong> tags)
    {
        tags.Clear();
        var reader = new Utf8JsonReader(payload);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool wanted = reader.ValueTextEquals("subjects"u8);
            reader.Read();
            if (!wanted)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                if (Utf8Parser.TryParse(reader.ValueSpan[..Math.Min(16, reader.ValueSpan.Length)], out ulong tag, out _, 'x'))
                {
                    tags.Add(tag);
                }
            }

            return;
        }
    }
}
