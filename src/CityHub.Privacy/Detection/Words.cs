namespace CityHub.Privacy;

/// <summary>Short lists of words that say something about a person. Compiled for this library; they need not be complete, for a column is judged by the share of its values.</summary>
internal static class Words
{
    /// <summary>GB/T 3304: the 56 ethnic groups by their names, with or without 族, and by their letters and numbers.</summary>
    private static readonly Lookup Ethnicities = new(
        "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 穿青人");

    private static readonly Lookup Races = new("white black asian hispanic latino white-hispanic pacific-islander asian-pac-islander amer-indian-eskimo native-american african-american mixed mulatto arab malay han uyghur tibetan zhuang hui manchu");

    private static readonly Lookup Religions = new(
        "佛教 道教 伊斯兰教 天主教 基督教 东正教 犹太教 印度教 锡克教 藏传佛教 新教 儒教 摩门教 巴哈伊教 神道教 无宗教信仰 无宗教 信教 不信教 无神论 buddhism buddhist taoism taoist daoist islam muslim christian christianity catholic protestant orthodox jewish judaism hindu hinduism sikh atheist agnostic");

    private static readonly Lookup Diseases = new(
        "高血压 糖尿病 冠心病 艾滋病 乙肝 丙肝 肺结核 哮喘 癫痫 抑郁 中风 脑卒中 脑梗死 脑梗 心肌梗死 脑出血 痛风 贫血 骨折 流感 感冒 新冠 白内障 青光眼 近视 肝硬化 尿毒症 疟疾 霍乱 鼠疫 梅毒 淋病 麻疹 水痘 狂犬病 帕金森 阿尔茨海默 自闭 早产 流产 过敏 湿疹 荨麻疹 痔疮 阑尾炎 房颤 心绞痛 心力衰竭 "
        + "diabetes hypertension asthma cancer hiv aids hepatitis tuberculosis depression schizophrenia epilepsy stroke influenza pneumonia gastritis bronchitis arthritis leukemia covid-19 flu migraine obesity anemia");

    // What names of diseases end with; one character before it at least.
    private static readonly string[] DiseaseEnds = ["病", "炎", "癌", "症", "瘤", "综合征", "综合症", "结石", "骨折", "中毒", "感染", "梗死", "梗塞", "出血", "衰竭", "溃疡", "肿瘤", "硬化", "畸形", "疝", "障碍", "增生", "损伤"];

    private static readonly Lookup Occupations = new(
        "工人 农民 教师 医生 护士 学生 律师 会计 司机 公务员 军人 警察 工程师 程序员 设计师 销售 销售员 经理 厨师 服务员 保安 保洁 退休 退休人员 无业 待业 自由职业 个体户 个体工商户 农民工 牧民 渔民 记者 编辑 演员 作家 科研人员 技术人员 管理人员 职员 公司职员 企业家 快递员 外卖员 电工 焊工 木工 司炉工 裁缝 药师 翻译 导游 飞行员 消防员 法官 检察官 教授 讲师 研究员 "
        + "teacher doctor nurse student lawyer accountant driver engineer manager farmer soldier retired unemployed programmer clerk tech-support craft-repair other-service sales exec-managerial prof-specialty handlers-cleaners machine-op-inspct adm-clerical farming-fishing transport-moving priv-house-serv protective-serv armed-forces");

    private static readonly string[] OccupationEnds = ["员", "师", "工", "人员", "家", "长", "干部", "经理", "主任", "总监", "助理", "教授", "工作者", "负责人"];

    private static readonly Lookup Sexes = new("男 女 男性 女性 未知的性别 未说明的性别 男士 女士 m f male female man woman");

    private static readonly Lookup Marital = new(
        "未婚 已婚 离婚 离异 丧偶 初婚 再婚 复婚 分居 single married divorced widowed separated never-married married-civ-spouse married-spouse-absent married-af-spouse");

    private static readonly Lookup Educations = new(
        "小学 初中 高中 中专 中技 技校 职高 大专 专科 本科 大学 大学本科 大学专科 研究生 硕士 博士 学士 硕士研究生 博士研究生 文盲 文盲或半文盲 学龄前 bachelors bachelor masters master doctorate phd some-college hs-grad assoc-acdm assoc-voc prof-school preschool 1st-4th 5th-6th 7th-8th 9th 10th 11th 12th highschool primary secondary tertiary");

    private static readonly Lookup Parties = new(
        "中共党员 中共预备党员 预备党员 共青团员 团员 群众 党员 民革党员 民盟盟员 民建会员 民进会员 农工党党员 致公党党员 九三学社社员 台盟盟员 无党派人士 无党派民主人士");

    private static readonly Lookup Bloods = new("a b o ab a型 b型 o型 ab型 a+ a- b+ b- o+ o- ab+ ab- rh阴性 rh阳性");

    private static readonly Lookup Nationalities = new(
        "中国 美国 日本 韩国 英国 法国 德国 俄罗斯 加拿大 澳大利亚 印度 越南 泰国 新加坡 马来西亚 菲律宾 印度尼西亚 巴基斯坦 缅甸 蒙古 朝鲜 意大利 西班牙 巴西 墨西哥 香港 澳门 台湾 中国香港 中国澳门 中国台湾 "
        + "chn usa jpn kor gbr fra deu rus can aus ind china united-states japan korea england france germany russia canada mexico philippines india cuba jamaica italy vietnam poland puerto-rico el-salvador guatemala columbia dominican-republic taiwan iran haiti portugal nicaragua peru greece ecuador ireland cambodia laos thailand yugoslavia hungary honduras scotland outlying-us(guam-usvi-etc) trinadad&tobago holand-netherlands");

    public static bool IsEthnicity(ReadOnlySpan<char> s) => Ethnicities.Has(s) || (s.Length >= 2 && s[^1] == '族' && Ethnicities.Has(s[..^1])) || Races.Has(s);

    public static bool IsReligion(ReadOnlySpan<char> s) => Religions.Has(s);

    public static bool IsDisease(ReadOnlySpan<char> s) =>
        Diseases.Has(s) || (s.Length is >= 2 and <= 24 && PersonNames.IsHan(s[^1]) && (Ends(s, DiseaseEnds) || Diseases.HasAtEdge(s)) && !s.ContainsAny("，。；！？"));

    /// <summary>ICD-10: a letter, two digits, and up to four places after the dot; with the x that GB/T 14396 puts in.</summary>
    public static bool IsDiseaseCode(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 5 or > 12 || s[0] is < (byte)'A' or > (byte)'Z' || !CheckDigits.AllDigits(s[1..3]) || s[3] != '.')
            return false;
        foreach (var b in s[4..])
        {
            if (!CheckDigits.IsDigit(b) && b is not ((byte)'X' or (byte)'+' or (byte)'*' or (byte)'-'))
                return false;
        }

        return true;
    }

    public static bool IsOccupation(ReadOnlySpan<char> s) => Occupations.Has(s) || (s.Length is >= 2 and <= 12 && PersonNames.IsHan(s[0]) && Ends(s, OccupationEnds));

    public static bool IsSex(ReadOnlySpan<char> s) => Sexes.Has(s);

    public static bool IsMaritalStatus(ReadOnlySpan<char> s) => Marital.Has(s);

    public static bool IsEducation(ReadOnlySpan<char> s) => Educations.Has(s);

    public static bool IsParty(ReadOnlySpan<char> s) => Parties.Has(s);

    public static bool IsBlood(ReadOnlySpan<char> s) => Bloods.Has(s);

    public static bool IsNationality(ReadOnlySpan<char> s) => Nationalities.Has(s);

    private static bool Ends(ReadOnlySpan<char> s, string[] ends)
    {
        foreach (var end in ends)
        {
            if (s.Length > end.Length && s.EndsWith(end, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private sealed class Lookup(string words)
    {
        private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> set =
            new HashSet<string>(words.Split(' '), StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

        private readonly int longest = words.Split(' ').Max(one => one.Length);

        public bool Has(ReadOnlySpan<char> s) => s.Length <= longest && set.Contains(s);

        /// <summary>Whether one of the words stands at the beginning or at the end of the value.</summary>
        public bool HasAtEdge(ReadOnlySpan<char> s)
        {
            for (var length = 2; length <= Math.Min(5, s.Length); length++)
            {
                if (set.Contains(s[..length]) || set.Contains(s[^length..]))
                    return true;
            }

            return false;
        }
    }
}
